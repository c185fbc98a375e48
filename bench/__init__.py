"""Benchmarks: tables on the screen, never a verdict. ``python -m bench [NAME …]``."""
