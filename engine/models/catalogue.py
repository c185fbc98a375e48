"""From a model's name to a file: the bundled one, the catalogue's, the hub's, and any file.

The catalogue is data: ``catalogue.toml`` beside this module.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelNotFound
from .store import Source, hub_source, place

BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the catalogue. ``parameters`` are billions; ``bytes`` is the size of the file, exact or
    as it is published, and None where nobody publishes it."""

    name: str
    title: str
    source: Source
    parameters: float
    licence: str
    languages: str
    purpose: str
    bytes: int | None = None

    @property
    def memory(self) -> int | None:
        """About how much memory it takes, in bytes: the file, and an eighth for its cache and buffers."""
        return None if self.bytes is None else self.bytes + self.bytes // 8


def catalogue() -> tuple[Entry, ...]:
    """All entries, smallest first."""
    found = tomllib.loads((Path(__file__).parent / "catalogue.toml").read_text("utf-8"))
    return tuple(_entry(name, row) for name, row in found.items())


def find_entry(name: str) -> Entry | None:
    return next((entry for entry in catalogue() if entry.name == name), None)


def bundled_path() -> Path:
    """The model that comes with fimble."""
    found = sorted((Path(__file__).parent / "bundled").glob("*.gguf"))
    if not found:
        raise ModelNotFound("This installation lacks the bundled model. Install fimble again.")
    return found[0]


def resolve_model(name: str) -> tuple[str, Path]:
    """Id and path of ``bundled``, of a name of the catalogue, of ``owner/repository/file.gguf`` of the hub,
    or of a GGUF file. :class:`ModelNotFound` for what is not on this machine, and for anything else."""
    if name == BUNDLED:
        path = bundled_path()
        return path.stem, path
    entry = find_entry(name)
    if entry is not None:
        return entry.name, _pulled(name, entry.source)
    path = Path(name).expanduser()
    source = None if path.exists() else hub_source(name)
    if source is not None:
        return path.stem, _pulled(name, source)
    if path.exists() or path.suffix == ".gguf":
        return path.stem, path
    raise ModelNotFound(
        f"There is no model {name!r}. Set `model` to a name that `fimble models list` shows, "
        "or to the path of a GGUF file."
    )


def source_of(name: str) -> Source:
    """Where ``name`` can be downloaded from; :class:`ModelNotFound` for what is no model of the hub."""
    entry = find_entry(name)
    source = entry.source if entry else hub_source(name)
    if source is None:
        raise ModelNotFound(
            f"{name!r} is no model of the catalogue or the hub. Take a name that `fimble models list` shows, "
            "or owner/repository/file.gguf of the Hugging Face hub."
        )
    return source


def _pulled(name: str, source: Source) -> Path:
    path = place(source)
    if not path.exists():
        raise ModelNotFound(f"The model {name} is not on this machine. Run `fimble models pull {name}`.")
    return path


def _entry(name: str, row: dict[str, Any]) -> Entry:
    source = Source(row["repository"], row["file"], row.get("revision", "main"), row.get("sha256"))
    return Entry(
        name=name,
        title=row["title"],
        source=source,
        parameters=row["parameters"],
        licence=row["licence"],
        languages=row["languages"],
        purpose=row["for"],
        bytes=row.get("bytes", row.get("rounded_bytes")),
    )
