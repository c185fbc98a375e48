"""``fimble models info``: what a model file says of itself, and what fimble makes of it."""

from __future__ import annotations

import json
from collections import Counter
from math import prod
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fimble.engine.errors import ModelError, ModelFileError
from fimble.engine.models.catalogue import Entry, find_entry, resolve_model
from fimble.engine.models.gguf import Header, read_header
from fimble.engine.models.store import megabytes, place
from fimble.engine.prompt.detect import detect
from fimble.engine.settings import load_settings

_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 30: "BF16", 34: "TQ1_0",
    35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
"""ggml's tensor types (``ggml.h``)."""


def show(file: str, as_json: bool) -> None:
    of = load_settings()[0].tables.get(file, file)
    if not of:
        raise ModelError(
            f"{file} has no file on this machine: servers of others answer. See `fimble doctor`."
        )
    file = of
    entry = find_entry(file)
    if entry is not None and not place(entry.source).exists():
        found = _of_entry(entry)
    else:
        found = facts(resolve_model(file)[1], entry)
    if as_json:
        print(json.dumps(found, indent=1))
        return
    table = Table(show_header=False, box=None, padding=(0, 1))
    for name, value in found.items():
        table.add_row(f"[bold]{name}[/]", value.replace("[", "\\["))
    Console().print(table)


def facts(path: Path, entry: Entry | None = None) -> dict[str, str]:
    """Everything in words. :class:`ModelFileError` for a damaged file."""
    header = read_header(path)
    size, count = path.stat().st_size, sum(prod(tensor.shape) for tensor in header.tensors)
    return {
        "file": str(path),
        "name": _text(header, "general.name"),
        "architecture": header.architecture or "not named",
        "parameters": _billions(count),
        "size": megabytes(size),
        "quantisation": f"mostly {_quantisation(header)}, {8 * size / max(count, 1):.1f} bits a parameter",
        "context": f"{header.number('context_length'):,} tokens",
        "fill in the middle": _fim(header),
        "chat template": "yes" if "tokenizer.chat_template" in header.metadata else "none",
        "licence": entry.licence if entry else _text(header, "general.license"),
        "runtime": _runtime(header),
    }


def _of_entry(entry: Entry) -> dict[str, str]:
    return {
        "name": entry.title,
        "file": f"not on this machine: run `fimble models pull {entry.name}`",
        "source": f"https://huggingface.co/{entry.source.repository} ({entry.source.file})",
        "parameters": _billions(round(entry.parameters * 1e9)),
        "size": megabytes(entry.bytes) if entry.bytes else "told when it is pulled",
        "memory": f"about {megabytes(entry.memory)}" if entry.memory else "",
        "licence": entry.licence,
        "languages": entry.languages,
        "for": entry.purpose,
    }


def _text(header: Header, key: str) -> str:
    value = header.metadata.get(key)
    return value[:200] if isinstance(value, str) and value else "not named"


def _billions(count: int) -> str:
    return f"{count / 1e9:.2f} billion" if count >= 1e8 else f"{count / 1e6:.1f} million"


def _quantisation(header: Header) -> str:
    """The type that most bytes of the weights have."""
    sizes: Counter[int] = Counter()
    for tensor in header.tensors:
        sizes[tensor.type] += tensor.bytes
    kind = sizes.most_common(1)[0][0] if sizes else 0
    return _TYPES.get(kind, f"type {kind}")


def _fim(header: Header) -> str:
    try:
        form = detect(header.metadata)
    except ModelError:
        return "no: it cannot suggest code at a cursor"
    return f"{form.family.name} format, found by {form.found_by}"


def _runtime(header: Header) -> str:
    """The runtime that is chosen by itself, or why there is none."""
    from fimble.engine.runtimes.ctransformers import check as check_old
    from fimble.engine.runtimes.llamacpp.check import check
    from fimble.engine.runtimes.llamacpp.library import open_library

    try:
        open_library()
        check(header)
        return "llamacpp"
    except ModelFileError as error:
        try:
            check_old(header)
        except ModelFileError:
            return f"none: {error.message}"
        return f"ctransformers, not llamacpp: {error.message}"
