"""From what a model wrote to what is worth showing."""

from .checker import SyntaxChecker
from .trimmer import Trimmer

__all__ = ["SyntaxChecker", "Trimmer"]
