"""lsprotocol's types, each made when it is used first.

The protocol has over five hundred types, a session uses about sixty of them. attrs makes methods for a class
when it is defined, and for all of them that takes a quarter of a second and 20 MB in every language server,
which an editor's start waits for. So while lsprotocol is imported, its classes are left as they were written;
what :func:`attrs.define` does to a class is done when its first object is made, or when it is first asked for
its fields.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import attrs

MODULE, HOOKS = "lsprotocol.types", "lsprotocol._hooks"
_DEFINE = attrs.define
_FIELDS = "__attrs_attrs__"
"""The attribute that attrs gives to a class, and that :mod:`cattrs` looks for."""


def import_types() -> None:
    """Import lsprotocol so, unless it has been imported."""
    if MODULE in sys.modules:
        return
    library: Any = attrs
    library.define = _define_later
    try:
        importlib.import_module(MODULE)
    finally:
        library.define = _DEFINE
    # each class finds the types of its fields when it is made: no need to go through all of them
    importlib.import_module(HOOKS).__dict__["_resolved_forward_references"] = True


class _Unmade:
    """Stands for the fields of a class that is not made yet; who looks at them makes it."""

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def __get__(self, instance: object, owner: type) -> Any:
        self.make()
        return getattr(owner, _FIELDS)

    def make(self) -> None:
        kind = self._kind
        if kind.__dict__.get(_FIELDS) is not self:
            return
        del kind.__init__, kind.__attrs_attrs__  # type: ignore[misc, attr-defined]
        # without slots, which would need another class than the one that others refer to by now
        _DEFINE(kind, slots=False)
        attrs.resolve_types(kind, sys.modules[MODULE].__dict__["ALL_TYPES_MAP"], {})


def _define_later(kind: type | None = None, **options: Any) -> Any:
    """In the place of :func:`attrs.define`; a class with options of its own is made at once."""
    if kind is None or options or "__init__" in kind.__dict__:
        return _DEFINE(kind, **options)
    unmade = _Unmade(kind)

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        unmade.make()
        kind.__init__(self, *args, **named)  # type: ignore[misc]

    setattr(kind, "__init__", __init__)  # noqa: B010
    setattr(kind, _FIELDS, unmade)
    return kind
