"""A small corpus and a tokenizer that the tests of training share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from training.corpus.build import split_of
from training.corpus.shards import Document, ShardWriter
from training.tokenizer import Tokenizer, train_tokenizer

PARTS = ("engine/prompt", "engine/decode")
ROOT = Path(__file__).parents[2]


@contextmanager
def full_disk(room: int = 1000) -> Iterator[None]:
    """No file can grow beyond ``room`` bytes, as if the disk were full."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def named(split: str) -> str:
    """A package name that falls into ``split``."""
    return next(name for i in range(10_000) if split_of(name := f"p{i}", frozenset()) == split)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project's own sources in all three splits."""
    folder = tmp_path_factory.mktemp("corpus")
    sources = sorted(path for part in PARTS for path in (ROOT / part).glob("*.py"))
    for split in ("train", "validation", "test"):
        writer = ShardWriter(folder, split)
        for path in sources:
            name = path.relative_to(ROOT).as_posix()
            writer.write(Document(f"package-{split}", name, "python", path.read_text("utf-8")))
        writer.close()
    return folder


@pytest.fixture(scope="session")
def tokenizer(corpus: Path) -> Tokenizer:
    train_tokenizer(corpus, corpus / "tokenizer.model", 1_000_000, 600)
    return Tokenizer(corpus / "tokenizer.model")
