"""``python -m fimble.server.chat.pdf``: a PDF on standard input, its text on standard output."""

from __future__ import annotations

import contextlib
import io
import sys

MEMORY_BYTES = 1 << 30
PAGES_AT_MOST = 500


def main() -> None:
    _limit_memory()
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    for page in reader.pages[:PAGES_AT_MOST]:
        sys.stdout.buffer.write(page.extract_text().encode("utf-8", "replace") + b"\n")


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
