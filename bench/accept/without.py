"""``python -m bench.accept.without PART``: `fimble lsp` with the gate or the trimming left out, to see what
that part is worth. Only what the engine is asked differs; the engine must run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from fimble.engine.types import FimRequest

PARTS: dict[str, Callable[[FimRequest], FimRequest]] = {
    "gate": lambda request: replace(request, eagerness=None, min_confidence=None),
    "trim": lambda request: replace(request, trim=False),
}


def main() -> int:
    from fimble.cli import lsp
    from fimble.lsp.context import request as made

    change, engine_request = PARTS[sys.argv[1]], made.engine_request
    made.engine_request = lambda *args, **named: change(engine_request(*args, **named))
    return lsp.run()


if __name__ == "__main__":
    sys.exit(main())
