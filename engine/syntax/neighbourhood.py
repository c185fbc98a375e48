"""The text around a cursor that can be parsed in its place: what is near, and the blocks that it is in.

A window that is cut anywhere begins in the middle of a docstring or leaves brackets open, and then a parser
takes code for text and text for code. So this one begins and ends at statements, and of the far text it
keeps the lines that open and close the blocks around the cursor: the file as an editor shows it with every
other block folded. Indentation tells which lines those are, so a file of any length costs the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..limits import FAR_CHARACTERS, NEAR_CHARACTERS_ABOVE, NEAR_CHARACTERS_BELOW
from .languages import LanguageSpec
from .quotes import Quotes

_DEEPEST = 1 << 20
_PIECE = 4_096
_NOT_FIRST = re.compile(
    r"(else|elif|except|finally|case|default|elsif|rescue|ensure|when|catch|end|fi|done|esac)\b|[)\]},.*?|&:=+]|</"
)
_DEFINITION = re.compile(r"(async\s+)?def\b|class\b")
_LABEL = re.compile(r"\w+\s*:$")
_PREPROCESSOR = re.compile(r"#\s*(if|el|end|def|undef|inc|pragma|region|line|error)")
_CONTINUES = re.compile(
    r"(\}|\)|\]|end\b|fi\b)?\W*(else|elif|elsif|except|rescue|ensure|catch|finally|do|\{)\b|[)\]}{]"
)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """``before`` ends and ``after`` begins at the cursor."""

    before: str
    after: str

    @classmethod
    def of(cls, prefix: str, suffix: str, spec: LanguageSpec, quotes: Quotes) -> Neighbourhood:
        """What to parse for a cursor between two texts of a language; ``quotes`` are those of ``prefix``.
        Line ends are ``\\n``."""
        start = _start(prefix, spec, quotes)
        head = spec.opening + "\n" if spec.opening and start else ""
        if quotes.inside(start):
            head += quotes.opener_at(start, prefix, spec)
        else:
            head += "".join(line + "\n" for line in _opening(prefix, start, spec, quotes))
        depth = indentation(_line_at(prefix, start)) if start else 0
        return cls(head + prefix[start:], _after(prefix, suffix, spec, quotes.open_closer, depth))


def indentation(line: str) -> int:
    """Columns of white space ahead of a line."""
    blanks = line[: len(line) - len(line.lstrip(" \t"))]
    return len(blanks.expandtabs(8))


def _start(prefix: str, spec: LanguageSpec, quotes: Quotes) -> int:
    """Where the nearest statement begins that is as shallow as everything from there to the cursor."""
    near, far = len(prefix) - NEAR_CHARACTERS_ABOVE, max(0, len(prefix) - FAR_CHARACTERS)
    if near <= 0:
        return 0
    shallowest, start = _DEEPEST, -1
    for at, line in _lines_above(prefix, len(prefix), far):
        text = line.strip()
        at_cursor = at + len(line) == len(prefix)
        if not (text or (at_cursor and line)) or quotes.inside(at) or _is_comment(text, spec):
            continue
        if (depth := indentation(line)) > shallowest:
            continue
        shallowest = depth
        if text and not _NOT_FIRST.match(text) and not _LABEL.match(text):
            start = at
            if at <= near:
                break
    return start if start >= 0 else prefix.rfind("\n", 0, near) + 1


def _opening(prefix: str, start: int, spec: LanguageSpec, quotes: Quotes) -> list[str]:
    """The lines above ``start`` that open the blocks that it is in, the outermost first."""
    depth = indentation(prefix[start : start + 200])
    found: list[str] = []
    at = start
    while depth > 0 and (shallower := _shallower_above(prefix, at - 1, depth)) is not None:
        at, line = shallower
        if quotes.inside(at) or _is_comment(text := line.strip(), spec):
            continue
        depth = indentation(line)
        if spec.id != "python":
            header = _shallower_above(prefix, at - 1, depth + 1) if text[0] in ")>]" else None
            if header is not None:  # one over several lines, which begins as deep as it ends
                line = prefix[header[0] : at + len(line)]
                at = header[0]
            else:
                depth += bool(_CONTINUES.match(text))  # what it continues is as deep as it is
            found.append(line[-FAR_CHARACTERS:])
        elif _opens_bracket(line) and _opens_bracket(prefix[at:start]):
            found.append(line)
        else:  # a header of several lines and an ``else`` count for their indentation only
            found.append(" " * depth + ("def x():" if _DEFINITION.match(text) else "if 1:"))
    return found[::-1]


def _after(prefix: str, suffix: str, spec: LanguageSpec, in_string: str, start_depth: int) -> str:
    """The near text below, up to where no new block is open, and the lines that close those around."""
    if len(suffix) <= NEAR_CHARACTERS_BELOW:
        return suffix
    reach = suffix[: FAR_CHARACTERS + NEAR_CHARACTERS_BELOW]
    quotes = Quotes.read(reach, spec, in_string)
    if in_string and quotes.ends[0] > FAR_CHARACTERS:
        return reach[: reach.find("\n") + 1] + in_string + "\n"
    shallowest, enough = _depth_at_cursor(prefix, suffix), NEAR_CHARACTERS_BELOW
    end, end_depth = len(reach), _DEEPEST
    paragraph, above = -1, "the cursor's"
    for at, line in _lines_below(reach, reach.find("\n") + 1):
        text = line.strip()
        if not text or quotes.inside(at) or _is_comment(text, spec):
            if not text:
                paragraph = -1
            elif not above and not quotes.inside(at):
                paragraph = at  # comments go with what follows them
            above = text
            continue
        depth, follows = indentation(line), bool(_NOT_FIRST.match(text))
        if follows and depth < start_depth and spec.id == "python" and text[0].isalpha():
            return suffix[:at]  # it belongs to a header of which only the indentation is known
        separate = not above or paragraph >= 0 or (at > 2 * enough and above[0] != "@")
        if at >= enough and separate and not follows and depth < end_depth:
            end, end_depth = paragraph if paragraph >= 0 else at, depth
            if depth <= shallowest:
                break
        shallowest, paragraph, above = min(depth, shallowest), -1, text
    else:
        if len(reach) == len(suffix):
            return suffix
    return suffix[:end] + "".join(
        _closing(suffix, end, end_depth if end_depth < _DEEPEST else shallowest, spec)
    )


def _closing(suffix: str, start: int, depth: int, spec: LanguageSpec) -> Iterator[str]:
    """The lines from ``start`` on that close blocks around one of that depth."""
    while depth > 0 and (found := re.compile(rf"\n[ \t]{{0,{depth - 1}}}\S").search(suffix, start - 1)):
        start = found.end()
        line = _line_at(suffix, found.start() + 1)
        closes = _closes(text := line.strip(), spec)
        if indentation(line) >= depth or not (closes or spec.id == "python"):
            continue  # in a language with brackets it is text in a string, or a label
        depth = indentation(line)
        if closes:
            yield line + "\n"
            depth += text[-1] in "([{" or bool(_CONTINUES.match(text.lstrip(")]}; ")))


def _opens_bracket(text: str) -> bool:
    return sum(map(text.count, "([{")) > sum(map(text.count, ")]}"))


def _is_comment(text: str, spec: LanguageSpec) -> bool:
    """Comments and preprocessor lines stand at any depth."""
    comment = bool(spec.line_comment) and text.startswith(spec.line_comment)
    return comment or (spec.line_comment == "//" and bool(_PREPROCESSOR.match(text)))


def _closes(text: str, spec: LanguageSpec) -> bool:
    if text[0] in ")]}" or text.startswith("</"):
        return True
    return bool(spec.closers) and re.match(rf"({spec.closers})\b", text) is not None


def _depth_at_cursor(prefix: str, suffix: str) -> int:
    line = prefix[prefix.rfind("\n") + 1 :]
    if line.strip():
        return indentation(line)
    below = next((line for _, line in _lines_below(suffix, suffix.find("\n") + 1) if line.strip()), "")
    return max(indentation(line), indentation(below))


def _shallower_above(text: str, end: int, depth: int) -> tuple[int, str] | None:
    """Offset and text of the last line before ``end`` that is indented less; looked for in pieces."""
    shallower = re.compile(rf"\n[ \t]{{0,{depth - 1}}}\S")
    while end > 0:
        first = max(0, text.rfind("\n", 0, max(0, end - _PIECE)))
        starts = [found.start() + 1 for found in shallower.finditer(text, first, end)]
        for at in [*reversed(starts), 0] if first == 0 else reversed(starts):
            line = _line_at(text, at)
            if indentation(line) < depth:
                return at, line
        end = first
    return None


def _line_at(text: str, start: int) -> str:
    end = text.find("\n", start)
    return text[start : end if end >= 0 else len(text)]


def _lines_above(text: str, end: int, least: int) -> Iterator[tuple[int, str]]:
    """Offsets and texts of the lines that end at ``end`` or above, upwards; one cut at ``least`` is none."""
    while end >= least and end >= 0:
        start = text.rfind("\n", least, end) + 1
        if start == 0 and least > 0:
            return
        yield start, text[start:end]
        end = start - 1


def _lines_below(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Offsets and texts of the lines from ``start`` on."""
    while start < len(text):
        end = text.find("\n", start)
        end = end if end >= 0 else len(text)
        yield start, text[start:end]
        start = end + 1
