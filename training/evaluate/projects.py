"""The packages that holes come from, as folders on the disk: what an editor's user has open."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..corpus.shards import Document


@contextmanager
def projects(documents: Iterable[Document]) -> Iterator[Path]:
    """A folder with a folder of each package. Indexes are kept apart from the user's, and go with it."""
    kept = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory(prefix="fimble-projects-") as name:
        root = Path(name) / "projects"
        for document in documents:
            path = root / document.package / document.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document.text, "utf-8", newline="")
        os.environ["XDG_CACHE_HOME"] = str(Path(name) / "cache")
        try:
            yield root
        finally:
            os.environ.pop("XDG_CACHE_HOME")
            if kept is not None:
                os.environ["XDG_CACHE_HOME"] = kept
