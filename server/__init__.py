"""The HTTP API: the engine for every tool that is not an editor, and for whole teams."""
