"""How likely a suggestion is to be taken, and whether and how much of it is shown."""

from .gate import Gate, Verdict

__all__ = ["Gate", "Verdict"]
