"""Mistral's and Codestral's fill-in-the-middle endpoint, and DeepSeek's."""
