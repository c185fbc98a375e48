"""From what a model wrote to what is worth showing."""

from .trimmer import Trimmer

__all__ = ["Trimmer"]
