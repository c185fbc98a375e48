"""The ``fimble`` command: thin, parses and calls."""
