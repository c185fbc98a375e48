"""``fimble``: where the command begins. An editor's start waits for ``fimble lsp``, so that is run without
what reads the other commands and their options."""

from __future__ import annotations

import sys

EDITORS_COMMANDS = (["lsp"], ["lsp", "--stdio"])


def main() -> None:
    """Run a command. Errors that fimble knows are one sentence on standard error, and exit status 1."""
    try:
        if sys.argv[1:] in EDITORS_COMMANDS:
            from .lsp import run

            sys.exit(run())
        from .commands import app

        app(standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:
        from fimble.engine.errors import FimbleError

        if not isinstance(error, FimbleError):
            raise
        print(f"fimble: {error.message}", file=sys.stderr)
        sys.exit(1)


def main_lsp() -> None:
    """``fimble-lsp``: the same as ``fimble lsp``, for editors that start one program without arguments."""
    sys.argv[1:] = ["lsp", *sys.argv[1:]]
    main()


if __name__ == "__main__":
    main()
