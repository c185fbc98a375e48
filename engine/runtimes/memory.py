"""How much memory a model takes, and how much there is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import ModelFileError
from ..models.gguf import Header

SEQUENCES, SEQUENCES_WANTED = 64, 8
"""Places that a model remembers at most, and as many as its cache is given when nothing else is set and there
is memory for them."""
CACHE_PART = 16
"""A model's cache takes at most this part of the free memory, unless `cache_tokens` says otherwise."""
LEAST_CONTEXT, MOST_CONTEXT = 2048, 8192
"""How many tokens one place holds, unless it is set and as far as the model was trained for it."""
FREE_BYTES = 4 << 30
"""So much is taken for free where the system does not tell."""
_CELL_BYTES = 2
"""A number in the cache is f16."""


def cache_bytes(header: Header) -> int:
    """How many bytes one token takes in a model's cache; an estimate from its header."""
    heads = header.number("attention.head_count", 1)
    width = header.number("embedding_length") // max(1, heads)
    key, value = header.number("attention.key_length", width), header.number("attention.value_length", width)
    latent = header.number("attention.kv_lora_rank")
    if latent:
        return header.number("block_count") * _CELL_BYTES * (latent + header.number("rope.dimension_count"))
    return _kv_heads(header, heads) * _CELL_BYTES * (key + value)


def _kv_heads(header: Header, heads: int) -> int:
    """Of all layers together."""
    found: Any = header.metadata.get(f"{header.architecture}.attention.head_count_kv", heads)
    each = found if isinstance(found, list) else [found]
    count = sum(number for number in each if isinstance(number, int))
    return count if isinstance(found, list) else count * header.number("block_count")


def fitting_context(header: Header, free: int) -> int:
    """How many tokens a sequence holds, unless that is set: less where the usual number of sequences would
    not fit into the cache's part of the ``free`` memory."""
    context = MOST_CONTEXT
    while context > LEAST_CONTEXT and context * SEQUENCES_WANTED * cache_bytes(header) * CACHE_PART > free:
        context //= 2
    return context


def context_of(header: Header, wanted: int, free: int) -> int:
    """How many tokens a sequence holds: as many as are ``wanted`` (0: that fit), but not more than the model
    was trained for."""
    context, trained = wanted or fitting_context(header, free), header.number("context_length")
    return min(context, trained) if trained else context


def sequence_count(header: Header, context: int, cache_tokens: int, wanted: int, free: int) -> int:
    """How many sequences of ``context`` tokens a cache is divided into.

    ``cache_tokens`` is its size; 0: what a part of the ``free`` memory holds, and not more than
    ``wanted`` sequences (0: the usual number).
    """
    if not cache_tokens:
        most = (wanted or SEQUENCES_WANTED) * context
        cache_tokens = min(most, free // CACHE_PART // max(1, cache_bytes(header)))
    return max(1, min(SEQUENCES, cache_tokens // context))


def check_memory(header: Header, cache_tokens: int, free: int) -> None:
    """Raise :class:`ModelFileError` for a model that needs more than the ``free`` bytes."""
    weights = sum(tensor.bytes for tensor in header.tensors)
    needed = weights + cache_tokens * cache_bytes(header)
    if needed > free:
        raise ModelFileError(
            f"The model {header.path} needs about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB "
            "are free. Choose a smaller model, or set `window_tokens` or `cache_tokens` to less."
        )


def spare_bytes(open_files: int) -> int:
    """Memory for another model beside those that are open, whose files have so many bytes.

    What is mapped counts as free, since it could be read from its file again: the weights that others use,
    too. Where the system does not tell how much that is, it is the open models' files.
    """
    mapped = _told("Mapped:")
    return free_bytes() - (mapped[0] if mapped else open_files)


def free_bytes() -> int:
    """Memory that a process may still take: the machine's, and its control group's where that is less."""
    found = _told("MemAvailable:")
    with suppress(OSError, ValueError, AttributeError):  # Windows has no such call
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):
        found.append(_left_to_group(Path("/sys/fs/cgroup")))
    return max(0, min(found, default=FREE_BYTES))


def _left_to_group(group: Path) -> int:
    """Of the memory of a control group; what it keeps of files makes way and counts as free."""
    most, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
    kept = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return most - used + sum(int(size) for name, size in kept if name in ("active_file", "inactive_file"))


def _told(name: str) -> list[int]:
    """What Linux says of its memory under a name, in bytes; nothing elsewhere."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return [int(line.split()[1]) << 10 for line in lines if line.startswith(name)]
    return []
