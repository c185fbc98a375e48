"""All models that can be chosen, in one list: for the command line and for the editors' pickers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ..errors import ModelError
from . import store
from .catalogue import BUNDLED, bundled_path, catalogue, resolve_model


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list; None and empty text where something is not known."""

    name: str
    title: str = ""
    bytes: int | None = None
    memory_bytes: int | None = None
    parameters: float | None = None
    licence: str = ""
    languages: str = ""
    purpose: str = ""
    source: str = ""
    path: str = ""
    used: bool = False

    @property
    def detail(self) -> str:
        """Size, licence and purpose in a line, for a picker."""
        size = store.megabytes(self.bytes) if self.bytes else ""
        return ", ".join(filter(None, (size, self.licence, self.purpose)))

    @property
    def state(self) -> str:
        return "in use" if self.used else "here" if self.path else ""


def rows(model: str, tables: Mapping[str, str] = MappingProxyType({})) -> list[Row]:
    """The models that have a table in the settings (``tables``, what each name stands for on this machine,
    empty where only upstreams have it), the bundled one, the catalogue, other downloads, and the file of the
    setting ``model`` if it is elsewhere."""
    file = tables.get(model, model)
    used = path_of(file) if file else None
    found = [_named(name, of, name == model) for name, of in tables.items()]
    found += [_bundled(used), *_listed(used), *_others(used)]
    if used is not None and not any(row.used for row in found):
        found.append(_file(model, used, used))
    return found


def path_of(model: str) -> Path | None:
    """The file that a setting names, if it is there."""
    try:
        path = resolve_model(model)[1]
    except ModelError:
        return None
    return path if path.is_file() else None


def _named(name: str, model: str, used: bool) -> Row:
    path = path_of(model) if model else None
    size = path.stat().st_size if path else None
    purpose = f"{model}, with settings of its own" if model else "servers of others answer"
    return Row(name, model or name, size, purpose=purpose, path=str(path or ""), used=used)


def _bundled(used: Path | None) -> Row:
    path = bundled_path()
    return Row(
        BUNDLED, "the model that comes along", path.stat().st_size, licence="Apache-2.0",
        purpose="any machine, nothing to download", path=str(path), used=path == used,
    )  # fmt: skip


def _listed(used: Path | None) -> list[Row]:
    found = []
    for entry in catalogue():
        path = store.place(entry.source)
        here = path.exists()
        found.append(
            Row(
                entry.name, entry.title, path.stat().st_size if here else entry.bytes, entry.memory,
                entry.parameters, entry.licence, entry.languages, entry.purpose, str(entry.source),
                str(path) if here else "", here and path == used,
            )
        )  # fmt: skip
    return found


def _others(used: Path | None) -> list[Row]:
    listed = {store.place(entry.source) for entry in catalogue()}
    return [_file(store.hub_name(path), path, used) for path in store.pulled() if path not in listed]


def _file(name: str, path: Path, used: Path | None) -> Row:
    return Row(name, bytes=path.stat().st_size, path=str(path), used=path == used)
