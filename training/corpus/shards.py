"""Corpus files on disk: zstd-compressed JSON lines, one document a line, written atomically.

A document is ``{"package", "path", "language", "text"}``. Shards are closed near 16 MB compressed so
that they travel in pieces.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

SPLITS = ("train", "validation", "test")
SHARD_TEXT_BYTES = 64_000_000


class CorpusError(Exception):
    """The corpus folder is missing, empty or damaged; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source file of one package."""

    package: str
    path: str
    language: str
    text: str


class ShardWriter:
    """Writes documents to ``FOLDER/SPLIT-00000.jsonl.zst`` and so on; nothing half-written is left."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder, self._split = folder, split
        self._count = self._written = 0
        self._file: BinaryIO | None = None
        self._stream: zstandard.ZstdCompressionWriter | None = None

    def write(self, document: Document) -> None:
        if self._stream is None:
            self._file = self._part().open("wb")
            self._stream = zstandard.ZstdCompressor(level=9).stream_writer(self._file, closefd=False)
        line = json.dumps(asdict(document), ensure_ascii=False).encode() + b"\n"
        self._stream.write(line)
        self._written += len(line)
        if self._written >= SHARD_TEXT_BYTES:
            self.close()

    def close(self) -> None:
        if self._stream is None or self._file is None:
            return
        self._stream.close()  # type: ignore[no-untyped-call]
        self._file.close()
        os.replace(self._part(), self._folder / f"{self._split}-{self._count:05d}.jsonl.zst")
        self._stream, self._count, self._written = None, self._count + 1, 0

    def abort(self) -> None:
        """Throw away the shard being written."""
        if self._file is not None:
            self._file.close()
        self._part().unlink(missing_ok=True)
        self._stream = None

    def _part(self) -> Path:
        return self._folder / f".{self._split}.part"


def read_split(folder: Path, split: str) -> Iterator[Document]:
    """All documents of a split, in file order; :class:`CorpusError` when there are none."""
    shards = sorted(folder.glob(f"{split}-*.jsonl.zst"))
    if not shards:
        raise CorpusError(f"{folder} holds no {split} shards: build a corpus there first (make train-corpus)")
    for shard in shards:
        yield from _read_shard(shard)


def _read_shard(shard: Path) -> Iterator[Document]:
    try:
        with shard.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            rest = b""
            while chunk := stream.read(1 << 22):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield Document(**json.loads(line))
    except (zstandard.ZstdError, ValueError, TypeError) as error:
        raise CorpusError(f"{shard} is damaged ({error}): build the corpus again") from error
