"""Exact and near duplicates: a file is kept once.

Near duplicates are found with MinHash over sets of lines and locality-sensitive hashing
(Broder 1997; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", chapter 3), by datasketch.
"""

from __future__ import annotations

import hashlib

from datasketch import MinHash, MinHashLSH


class Deduplicator:
    """Remembers what it has seen; ``seen`` answers whether a text adds nothing new."""

    def __init__(self, threshold: float = 0.7, permutations: int = 48) -> None:
        self._digests: set[bytes] = set()
        self._permutations = permutations
        self._index = MinHashLSH(threshold=threshold, num_perm=permutations)

    def seen(self, text: str) -> str | None:
        """ "exact" or "near" when an equal or similar text came before, else None (and it is noted)."""
        lines = _lines(text)
        digest = hashlib.sha1("\n".join(lines).encode()).digest()
        if digest in self._digests:
            return "exact"
        self._digests.add(digest)
        return self._near(digest.hex(), lines)

    def _near(self, key: str, lines: list[str]) -> str | None:
        if len(lines) < 8:
            return None
        sketch = MinHash(num_perm=self._permutations, seed=1)
        sketch.update_batch([line.encode() for line in set(lines)])
        if self._index.query(sketch):
            return "near"
        self._index.insert(key, sketch)
        return None


def _lines(text: str) -> list[str]:
    return [line for raw in text.splitlines() if len(line := "".join(raw.split())) > 3]
