"""Finds, opens and checks llama.cpp's functions in the xllamacpp wheel, whose own code is never run."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import ModelFileError
from .declarations import CDEF, CONTEXT_DEFAULTS, FIRST_BUILD, LAST_BUILD, MODEL_DEFAULTS

_ERROR_LEVEL = 4
_SPINS = "20000"
"""How often libgomp's threads look for work before they sleep. On idle cores two threads gain nothing with
1,000, and more the longer they look; while others use the cores, 20,000 cost about what one thread does, and
300,000 (the default) and more several times that."""
_LINES_KEPT, _LINE_CHARACTERS = 4, 200


class Log:
    """The last lines in which llama.cpp says what is wrong; nothing of what it says is printed."""

    def __init__(self, ffi: Any) -> None:
        self._ffi = ffi
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self.callback = ffi.callback("void(int, const char *, void *)", self._take)

    def clear(self) -> None:
        self._lines.clear()

    def first(self) -> str:
        """What went wrong first of what is kept, as the end of a sentence."""
        return self._lines[0].rstrip(".") if self._lines else "it did not say why"

    def _take(self, level: int, text: Any, data: Any) -> None:
        if level == _ERROR_LEVEL:
            said = self._ffi.string(text, _LINE_CHARACTERS).decode("utf-8", "replace").strip()
            self._lines.append(said.partition(": ")[2] or said)


@dataclass(frozen=True, slots=True)
class Library:
    """``lib`` has the functions of :mod:`.declarations`, ``ffi`` makes their arguments."""

    ffi: Any
    lib: Any
    log: Log


@cache
def open_library() -> Library:
    """Open the installed wheel's functions and check their layout; :class:`ModelFileError` says why not.

    Once for a process: what llama.cpp logs through is its own for as long as it is loaded.
    """
    path = _checked_path()
    os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    ffi = _foreign_functions()
    ffi.cdef(CDEF)
    try:
        lib = ffi.dlopen(str(path))
        check_layout(ffi, lib)
    except (OSError, AttributeError) as error:
        raise ModelFileError(f"llama.cpp in {path} cannot be opened: {error}.") from error
    log = Log(ffi)
    lib.llama_log_set(log.callback, ffi.NULL)
    lib.llama_backend_init()
    return Library(ffi, lib, log)


def _foreign_functions() -> Any:
    """What calls C; there is none where no wheel of llama.cpp is asked for, as on Windows."""
    try:
        from cffi import FFI
    except ImportError as error:
        raise ModelFileError(f"The package cffi, which calls llama.cpp, cannot be used: {error}.") from error
    return FFI()


def check_layout(ffi: Any, lib: Any) -> None:
    """Compare what the functions answer with what the known builds answer."""
    _compare(ffi, lib.llama_model_default_params(), MODEL_DEFAULTS)
    _compare(ffi, lib.llama_context_default_params(), CONTEXT_DEFAULTS)


def _compare(ffi: Any, found: Any, known: Mapping[str, Any]) -> None:
    for name, field in ffi.typeof(found).fields:
        if name == "spare":
            continue
        value, wanted = getattr(found, name), known.get(name)
        if (value != ffi.NULL) if field.type.kind == "pointer" else (value != wanted):
            raise ModelFileError(
                f"The installed xllamacpp has another layout than fimble knows ({name} is {value}). "
                f"Install the version that fimble asks for."
            )


def _checked_path() -> Path:
    """The wheel's extension module, if its version is known."""
    spec = find_spec("xllamacpp")
    if spec is None or not spec.submodule_search_locations:
        raise ModelFileError("The package xllamacpp, which has llama.cpp, is not installed.")
    package = Path(spec.submodule_search_locations[0])
    build = _build(package)
    if not FIRST_BUILD <= build <= LAST_BUILD:
        raise ModelFileError(
            f"The installed xllamacpp has build {build} of llama.cpp, and fimble knows "
            f"{FIRST_BUILD} to {LAST_BUILD}. Install the version that fimble asks for."
        )
    for path in sorted(package.glob("xllamacpp*.so")):
        return path
    raise ModelFileError(f"The package in {package} lacks its extension module. Install xllamacpp again.")


def _build(package: Path) -> int:
    """llama.cpp's build number, the last part of the wheel's version; 0 where there is none."""
    for folder in package.parent.glob("xllamacpp-*.dist-info"):
        with contextlib.suppress(ValueError):
            return int(folder.name.removesuffix(".dist-info").rpartition(".")[2])
    return 0
