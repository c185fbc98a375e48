"""Measures a model through the real engine, so that prompt, decoding and trimming count."""
