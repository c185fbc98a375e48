"""``python -m bench [--quick] [NAME …]``: all benchmarks, or those named."""

from __future__ import annotations

import importlib
import sys
import time

from .effort import be_quick
from .processes import apart
from .tables import note

ALL = (
    "accept", "typing", "stages", "startup", "sharing", "indexing", "http", "dialects", "replicas", "scale",
    "upstreams", "ray", "switch", "candidates", "runtimes", "sampling", "neovim", "vscode",
)  # fmt: skip
MODULES = {"neovim": "editor_neovim", "vscode": "editor_vscode", "scale": "scale.report"}
"""Where the module is called otherwise."""


def main() -> int:
    names = [each for each in sys.argv[1:] if each != "--quick"] or list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"error: there is no benchmark {unknown[0]!r}; there are {', '.join(ALL)}", file=sys.stderr)
        return 1
    if "--quick" in sys.argv:
        be_quick()
    with apart():
        for name in names:
            began = time.monotonic()
            importlib.import_module(f"bench.{MODULES.get(name, name)}").main()
            note(f"({name} took {time.monotonic() - began:.0f} s.)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
