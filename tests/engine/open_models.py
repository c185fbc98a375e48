"""A process that opens model files natively: ``python open_models.py FOLDER FIRST RUNTIME``.

It writes a line for each when it is done with it, so that whoever started it knows which one it died of.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fimble.engine.errors import FimbleError
from fimble.engine.runtimes.base import Span
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import open_model


def main() -> None:
    for path in sorted(Path(sys.argv[1]).glob("*.gguf"))[int(sys.argv[2]) :]:
        try:
            opened = open_model(WorkerOptions(str(path), threads=1, context_length=32, runtime=sys.argv[3]))
            ids = opened.model.tokenize("ab é\n")[:20]
            opened.model.decode([Span(0, [0, *ids], 0)])
            opened.model.logits(0).copy()
            opened.model.close()
        except FimbleError as error:
            print("refused:", error.message[-120:], file=sys.stderr)
        print(path.name, flush=True)


if __name__ == "__main__":
    main()
