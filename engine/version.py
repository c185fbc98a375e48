"""The version of fimble. ``importlib.metadata`` would take a tenth of an editor's start to tell it."""

VERSION = "0.1.0"
