"""Whether a text that is shown would break the document.

In the middle of a line brackets are open, and counts of errors mean little: a third of the right texts, as
``hname`` after ``names[find(``, has one more than the document without it. So what is open in the cursor's
line may be taken to be closed behind the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fimble.engine.syntax.languages import LanguageSpec
from fimble.engine.syntax.tree import SyntaxTree
from fimble.engine.trim.brackets import closers_for

from .passages import Place


@dataclass(frozen=True, slots=True)
class Sound:
    """Whether a file has no more errors with a text: ``as_is``, or ``closed``, where the brackets may be
    closed that are open in the cursor's line."""

    as_is: bool
    closed: bool


class Parses:
    """Parse errors of a file with and without a text, over the whole file."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def with_text(self, at: int, text: str) -> Sound:
        """How the file with ``at`` characters of its passage takes the text."""
        place = self._place
        before = place.before + place.typed[:at]
        without = errors(place.spec, before + place.after)
        line = before.rpartition("\n")[2]
        closers = dict.fromkeys(["", closers_for(text), closers_for(line + text)])
        sound = [errors(place.spec, before + text + each + place.after) <= without for each in closers]
        return Sound(sound[0], any(sound))


@lru_cache(64)
def errors(spec: LanguageSpec, text: str) -> int:
    return SyntaxTree(spec, text.encode()).errors()
