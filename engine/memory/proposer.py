"""What may follow, by the texts of a request and the project's index: the longest matches first, and of equal
ones the nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..decode.proposals import SCOPES, Candidate
from ..limits import CANDIDATES, MATCHED_BYTES, OCCURRENCES, PROJECT_OCCURRENCES
from ..tokens import Scope
from ..types import FimRequest
from .followed import Followed
from .occurrences import Occurrence, Occurrences
from .scopes import Nearness
from .texts import SHORTEST, OtherTexts, OwnText

_TOLD_APART = 24
"""Texts that begin with the same bytes, so many, say the same for now."""
_RANK = {scope: rank for rank, scope in enumerate(SCOPES)}
_INSIDE = range(0x80, 0xC0)
"""Bytes of UTF-8 with which no character begins."""


class ScopedProposer:
    """See :class:`~..decode.proposals.Proposer`. ``own`` makes the text that the answer is a part of; nothing
    is made or searched before somebody asks."""

    def __init__(
        self,
        own: Callable[[], OwnText],
        others: OtherTexts | None = None,
        project: Occurrences | None = None,
        nearness: Nearness | None = None,
        path: str = "",
    ) -> None:
        self._make_own, self._own = own, None
        self._others = Followed(others, OCCURRENCES, path) if others is not None else None
        self._project = Followed(project, PROJECT_OCCURRENCES, path) if project is not None else None
        self._open = frozenset(others.paths) if others is not None else frozenset()
        self._nearness = nearness or Nearness(path, "")
        self._new = bytearray()
        self._known: Sequence[Candidate] | None = None

    _own: OwnText | None

    def accept(self, data: bytes) -> None:
        if data:
            self._new += data
            self._known = None
            for source in (self._others, self._project):
                if source is not None:
                    source.accept(data)

    def propose(self) -> Sequence[Candidate]:
        if self._known is None:
            self._own = self._own or self._make_own()
            self._own.add(self._new)
            self._new.clear()
            self._known = _merged(self._found(self._own))
        return self._known

    def _found(self, own: OwnText) -> Iterator[tuple[Occurrence, Scope]]:
        tail = own.tail
        for each in own.find(tail, OCCURRENCES):
            yield each, "file"
        if self._others is not None:
            for each in self._others.find(tail):
                yield each, "open"
        if self._project is not None:
            for each in self._project.find(tail):
                if each.path not in self._open:
                    yield each, self._nearness.scope(each.path)


def proposer(request: FimRequest, project: Occurrences | None = None) -> ScopedProposer:
    """For a suggestion."""
    path = request.path

    def own() -> OwnText:
        return OwnText(_bytes(request.prefix), _bytes(request.suffix), path)

    others = OtherTexts([(each.path, _bytes(each.text)) for each in (*request.beside, *request.snippets)])
    return ScopedProposer(own, others, project, Nearness(path, request.prefix), path)


def _merged(found: Iterator[tuple[Occurrence, Scope]]) -> list[Candidate]:
    """One candidate for all places that say the same."""
    best: dict[bytes, Candidate] = {}
    order = sorted(found, key=lambda each: (-each[0].matched, _RANK[each[1]]))
    for place, scope in order:
        if place.matched < SHORTEST or not place.text or place.text[0] in _INSIDE:
            continue
        key = place.text[:_TOLD_APART]
        known = best.get(key)
        if known is None and len(best) < CANDIDATES:
            best[key] = Candidate(place.text, min(place.matched, MATCHED_BYTES), 1, scope)
        elif known is not None:
            nearest = min(known.scope, scope, key=_RANK.__getitem__)
            best[key] = Candidate(known.text, known.matched, known.support + 1, nearest)
    return list(best.values())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
