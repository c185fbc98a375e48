"""``python -m bench [NAME …]``: all benchmarks, or those named."""

from __future__ import annotations

import importlib
import sys

from .processes import apart

ALL = ("typing", "stages", "startup", "peer", "sharing", "http", "sampling", "neovim", "vscode")
MODULES = {"neovim": "editor_neovim", "vscode": "editor_vscode"}
"""Where the module is called otherwise."""


def main() -> int:
    names = sys.argv[1:] or list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"error: there is no benchmark {unknown[0]!r}; there are {', '.join(ALL)}", file=sys.stderr)
        return 1
    with apart():
        for name in names:
            importlib.import_module(f"bench.{MODULES.get(name, name)}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
