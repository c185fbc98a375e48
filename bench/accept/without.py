"""``python -m bench.accept.without PART``: `fimble lsp` with the gate or the trimming left out, to see what
that part is worth. The engine must run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from fimble.cli import lsp
from fimble.engine import suggesting
from fimble.engine.trim import SyntaxChecker, Trimmer
from fimble.engine.types import FimRequest, FinishReason
from fimble.lsp.context import request as requests


class Untrimmed(Trimmer):
    """Lets everything pass."""

    def __init__(self, request: FimRequest, checker: SyntaxChecker | None = None) -> None:
        self.done = False

    def feed(self, text: str) -> str:
        return text

    def finish(self, reason: FinishReason) -> str:
        return ""


def without_trim() -> None:
    setattr(suggesting, "Trimmer", Untrimmed)  # noqa: B010 - a name that the module imported


def without_gate() -> None:
    """Everything is wanted, however unsure."""
    engine_request = requests.engine_request

    def changed(*args: object, **named: object) -> FimRequest:
        made: FimRequest = engine_request(*args, **named)  # type: ignore[arg-type]
        return replace(made, eagerness=None, min_confidence=None)

    requests.engine_request = changed


PARTS: dict[str, Callable[[], None]] = {"gate": without_gate, "trim": without_trim}


if __name__ == "__main__":
    PARTS[sys.argv[1]]()
    sys.exit(lsp.run())
