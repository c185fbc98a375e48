"""``python -m fimble.server.chat.pdf``: a PDF on standard input, its text on standard output."""

from __future__ import annotations

import contextlib
import io
import sys

from ..limits import PDF_MEMORY_BYTES, PDF_PAGES, PDF_TEXT_BYTES


def main() -> None:
    _limit_memory()
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    left = PDF_TEXT_BYTES
    for page in reader.pages[:PDF_PAGES]:
        text = page.extract_text().encode("utf-8", "replace")[:left]
        sys.stdout.buffer.write(text + b"\n")
        left -= len(text)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (PDF_MEMORY_BYTES, PDF_MEMORY_BYTES))


if __name__ == "__main__":
    main()
