"""An explanation for people: what was read, proposed, written, cut and shown, in the order in which it
happened. Everything fits a narrow terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fimble.engine.explain import Explanation
from fimble.engine.tokens import Certainty, PromptPart

END = 40
"""Characters of a part's beginning and end."""
PROPOSALS, CUTS = 8, 12


def show(found: Explanation, remembered: bool, console: Console | None = None) -> None:
    """Print it."""
    console = console or Console(highlight=False)
    if found.asked is None:
        _head(console, "No model was asked")
        console.print("Nothing is suggested at such a place: in a comment, a string or the middle of a word.")
        return
    _prompt(console, found)
    _proposals(console, found, remembered)
    _tokens(console, found.certainties)
    _text(console, found)
    _verdict(console, found)


def _head(console: Console, title: str, more: str = "") -> None:
    console.print()
    console.print(Text.assemble((title, "bold"), (f"  {more}" if more else "", "dim")))


def _prompt(console: Console, found: Explanation) -> None:
    asked, usage = found.asked, found.usage
    assert asked is not None
    _head(
        console,
        "Prompt",
        f"{usage.prompt_tokens:,} tokens for {found.model or 'the model'}, mode {asked.mode}",
    )
    if not found.prompt:
        console.print("Another machine made it.")
    table = _table("#tokens", "behind", "text")
    for part in found.prompt:
        table.add_row(*_part(part))
    console.print(table)
    if not found.chosen:
        console.print(
            "No other file was chosen for it: nothing helps here, or nothing helps this model.", style="dim"
        )
    for each in found.chosen:
        about = f": {each.about}" if each.about else ""
        console.print(Text(f"{each.snippet.path}  {each.reason}{about}"))


def _part(part: PromptPart) -> tuple[str, Text, Text]:
    if not part.tokens and not part.control:
        return "–", Text("typed", "cyan"), Text(_quoted(part.text))
    name = Text(part.control or "text", "cyan")
    long = len(part.text) > 2 * END
    text = f"{_quoted(part.text[:END])} … {_quoted(part.text[-END:])}" if long else _quoted(part.text)
    return f"{part.tokens:,}", name, Text(text)


def _proposals(console: Console, found: Explanation, remembered: bool) -> None:
    _head(console, "Proposed", "what follows the same characters elsewhere")
    if not found.proposals:
        console.print("Nothing.")
    else:
        table = _table("scope", "#match", "#places", "text")
        for each in found.proposals[:PROPOSALS]:
            text = each.text.decode("utf-8", "replace")
            table.add_row(each.scope, str(each.matched), str(each.support), Text(_quoted(text)))
        console.print(table)
    if not remembered:
        console.print("The project is not remembered; that begins when an editor opens it.", style="dim")


def _tokens(console: Console, certainties: Sequence[Certainty]) -> None:
    _head(console, "Written", "token by token; the product is that of the probabilities so far")
    if not certainties:
        console.print("How sure the tokens are is not known.")
        return
    table = _table("token", "#prob", "#model", "#mem", "#end", "#product", "from")
    product = 1.0
    for each in certainties:
        product *= each.probability
        source = f"{each.scope} {each.matched}" if each.scope else ""
        shares = (each.probability, each.model, each.memory, each.end, product)
        text = _quoted(each.text.decode("utf-8", "replace")) if each.text else "end"
        table.add_row(Text(text), *(_share(share) for share in shares), source)
    console.print(table)


def _text(console: Console, found: Explanation) -> None:
    _head(console, "Trimmed")
    if found.trimmed == found.written:
        console.print(Text(_quoted(found.written)), Text("all of it belongs there", "dim"))
        return
    console.print(Text.assemble(("written ", "dim"), _quoted(found.written)))
    console.print(Text.assemble(("trimmed ", "dim"), _quoted(found.trimmed)))


def _verdict(console: Console, found: Explanation) -> None:
    limit = "everything is shown" if found.threshold is None else f"shown from {_share(found.threshold)} on"
    _head(console, "Verdict", limit)
    if found.cuts:
        table = _table("#likely", "#worth", "text")
        for each in found.cuts[:CUTS]:
            chosen = found.trimmed[: each.length] == found.shown.rstrip("\r\n")
            style = "green" if chosen else ""
            table.add_row(
                _share(each.likely), f"{each.worth:.1f}", Text(_quoted(found.trimmed[: each.length]), style)
            )
        console.print(table)
    sure = "" if found.confidence is None else f", {_share(found.confidence)} likely to be taken"
    console.print(Text.assemble(("shown ", "bold"), _quoted(found.shown) if found.shown else "nothing", sure))


def _table(*headings: str) -> Table:
    """A heading that begins with ``#`` is that of numbers; the column called ``text`` gives way."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        numbers = heading.startswith("#")
        table.add_column(
            heading.lstrip("#"),
            justify="right" if numbers else "left",
            no_wrap=heading != "text",
            overflow="fold",
        )
    return table


def _share(value: float) -> str:
    return f"{value:.0%}" if value >= 0.1 or value == 0 else f"{value:.1%}"


def _quoted(text: str) -> str:
    """On one line, with what cannot be seen made visible."""
    return "".join(_visible(text))


def _visible(text: str) -> Iterable[str]:
    marks = {"\n": "⏎", "\t": "→", " ": "·"}
    for at, char in enumerate(text):
        edge = not text[:at].strip() or not text[at:].strip()
        if char in "\n\t" or (char == " " and edge):
            yield marks[char]
        else:
            yield char if char.isprintable() else f"\\x{ord(char):02x}"
