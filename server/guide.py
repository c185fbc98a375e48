"""Words for a client at the wrong address, or with another API's body: which address is meant."""

from __future__ import annotations

from collections.abc import Container, Mapping

from .routes.table import ENDPOINTS

_MARKS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"input_prefix", "input_suffix"}), "/infill"),
    (frozenset({"segments"}), "/v1/completions"),
    (frozenset({"prefix", "suffix"}), "/complete"),
    (frozenset({"messages"}), "/v1/chat/completions"),
    (frozenset({"prompt", "suffix"}), "/v1/completions"),
    (frozenset({"prompt"}), "/v1/completions"),
)
"""Fields that tell whose body it is."""


def better_address(method: str, path: str) -> str:
    """A sentence that names the endpoint whose path ends like the one that was asked; empty where none
    does."""
    asked = [part for part in path.split("/") if part]
    shared = {each: _shared(asked, each.path) for each in ENDPOINTS}
    best = max(ENDPOINTS, key=lambda each: (shared[each], each.method == method))
    if not shared[best]:
        return ""
    return f" Ask {best.method} {best.path} instead."


def better_body(path: str, fields: Container[str], body: Mapping[str, object]) -> str:
    """A sentence that names the address to which a body belongs that does not fit this one, which takes other
    ``fields``; or nothing."""
    for marks, address in _MARKS:
        if marks <= body.keys():
            known = address == path or all(mark in fields for mark in marks)
            return "" if known else f" A body with {_listed(marks)} is for POST {address}."
    return ""


def _shared(asked: list[str], path: str) -> int:
    """How many parts at the end of two paths are the same."""
    count = 0
    for one, other in zip(reversed(asked), reversed(path.strip("/").split("/")), strict=False):
        if one != other:
            break
        count += 1
    return count


def _listed(marks: frozenset[str]) -> str:
    return " and ".join(f"`{mark}`" for mark in sorted(marks))
