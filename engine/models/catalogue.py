"""From a configured model name to a file."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelNotFound

BUNDLED = "bundled"


def bundled_path() -> Path:
    """The model that comes with fimble."""
    found = sorted((Path(__file__).parent / "bundled").glob("*.gguf"))
    if not found:
        raise ModelNotFound("This installation lacks the bundled model. Install fimble again.")
    return found[0]


def resolve_model(name: str) -> tuple[str, Path]:
    """Id and path of ``bundled`` or of a GGUF file; :class:`ModelNotFound` for anything else."""
    if name == BUNDLED:
        path = bundled_path()
        return path.stem, path
    path = Path(name).expanduser()
    if path.suffix == ".gguf" or path.exists():
        return path.stem, path
    raise ModelNotFound(
        f"There is no model {name!r}. Set `model` to `bundled` or to the path of a GGUF file."
    )
