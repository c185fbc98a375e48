"""``fimble demo``: its last picture shows a suggestion, with room for all of it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fimble.cli.demo import ROWS, Tally, _picture, _type_all
from fimble.cli.driver import Answer, Driver


class Typed(Driver):
    """Suggests the same after each key, without a server."""

    def __init__(self, answers: dict[str, str]) -> None:
        self._answers, self._typed = answers, ""

    def type(self, text: str) -> None:
        self._typed += text

    async def ask(self) -> Answer:
        return Answer(self._answers.get(self._typed, ""), 0)

    async def accept(self, answer: Answer) -> None:
        self._typed += answer.text


def drawn(picture: object) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(picture)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ({"a = ": "wrong_thing", "a = b": "yz"}, "a = b▏yz"),
        ({"a = ": "beta_gamma", "a = beta_gamma\n": "never"}, "a = ▏beta_gamma"),
    ],
)
async def test_the_last_picture_has_a_suggestion(answers: dict[str, str], shown: str) -> None:
    picture = await _type_all(Typed(answers), "a = beta_gamma\n", 0, Tally(), lambda _: None, "a.py")
    assert shown in drawn(picture)


def test_a_long_suggestion_is_whole() -> None:
    answer = Answer("\n".join(f"line {number}" for number in range(ROWS - 2)) + "\nthe end", 0)
    assert "the end" in drawn(_picture("a.py", "x\n" * 50, answer, Tally()))
