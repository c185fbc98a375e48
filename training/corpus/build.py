"""Builds a corpus: packages → licence check → filters → de-duplication → splits → shards + manifest."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .dedup import Deduplicator
from .filters import language_of, reason_to_drop
from .packages import Package, PackageError, open_package
from .shards import SPLITS, Document, ShardWriter

PACKAGE_LIMIT = 5_000_000
"""Bytes kept of one package at most, so that no giant sets the style."""


@dataclass
class Plan:
    """What to read, and which packages never to train on."""

    archives: Iterable[Path]
    held_out: frozenset[str] = frozenset()
    licences: dict[str, str] = field(default_factory=dict)
    """Licences checked by hand for packages whose metadata does not tell, by package name."""


def split_of(package: str, held_out: frozenset[str]) -> str:
    """Train, validation or test, decided by the package's name alone (3 % each beside the list)."""
    if package.lower() in held_out:
        return "test"
    bucket = int.from_bytes(hashlib.sha256(package.lower().encode()).digest()[:4]) % 100
    return "validation" if bucket < 3 else "test" if bucket < 6 else "train"


def build(plan: Plan, folder: Path) -> dict[str, Any]:
    """Write shards and ``manifest.json`` below ``folder``; returns the manifest.

    Held-out packages go first, so that a copy of their code inside a training package is the one
    that is dropped as a duplicate.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jsonl.zst"):
        old.unlink()
    writers = {split: ShardWriter(folder, split) for split in SPLITS}
    builder = _Builder(plan, writers)
    try:
        packages = sorted(_open_all(plan.archives), key=lambda p: (_rank(p, plan), p.name.lower()))
        for package in packages:
            builder.add(package)
        for writer in writers.values():
            writer.close()
    except BaseException:
        for writer in writers.values():
            writer.abort()
        raise
    manifest = builder.manifest()
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return manifest


def _rank(package: Package, plan: Plan) -> int:
    return {"test": 0, "validation": 1, "train": 2}[split_of(package.name, plan.held_out)]


def _open_all(archives: Iterable[Path]) -> Iterator[Package]:
    for archive in archives:
        try:
            yield open_package(archive)
        except PackageError as error:
            print(f"left out {error}", file=sys.stderr)


class _Builder:
    def __init__(self, plan: Plan, writers: dict[str, ShardWriter]) -> None:
        self._plan, self._writers = plan, writers
        self._duplicates = Deduplicator()
        self._dropped: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._packages: list[dict[str, Any]] = []

    def add(self, package: Package) -> None:
        licence = package.licence or self._plan.licences.get(package.name)
        if licence is None:
            self._dropped["package without a permissive licence"] += 1
            return
        split = split_of(package.name, self._plan.held_out)
        files, size = 0, 0
        try:
            for document in self._documents(package):
                self._writers[split].write(document)
                files, size = files + 1, size + len(document.text.encode())
                self._bytes[f"{split}/{document.language}"] += len(document.text.encode())
        except (OSError, EOFError, ValueError) as error:
            print(f"{package.name}: stopped in the middle ({error})", file=sys.stderr)
        self._note(package, licence, split, files, size)

    def _note(self, package: Package, licence: str, split: str, files: int, size: int) -> None:
        if files:
            row = {"package": package.name, "version": package.version, "licence": licence}
            self._packages.append({**row, "split": split, "files": files, "bytes": size})

    def _documents(self, package: Package) -> Iterator[Document]:
        candidates = []
        for path, data in package.files():
            if reason := reason_to_drop(path, data):
                self._dropped[reason] += 1
            else:
                candidates.append((hashlib.sha1(path.encode()).digest(), path, data))
        total = 0
        for _, path, data in sorted(candidates):  # hash order: a limit keeps a fair sample
            text = data.decode().replace("\r\n", "\n")
            if total > PACKAGE_LIMIT:
                self._dropped["package limit"] += 1
            elif kind := self._duplicates.seen(text):
                self._dropped[f"{kind} duplicate"] += 1
            else:
                total += len(data)
                yield Document(package.name, path, language_of(path) or "", text)

    def manifest(self) -> dict[str, Any]:
        return {
            "packages": self._packages,
            "bytes": dict(sorted(self._bytes.items())),
            "dropped": dict(self._dropped.most_common()),
        }
