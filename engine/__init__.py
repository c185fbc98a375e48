"""Text in, text out: requests, prompts, decoding, backends, models, syntax.

Knows no editor, no HTTP server and no LSP type.
"""
