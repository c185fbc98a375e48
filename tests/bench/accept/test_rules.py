"""What the typist takes, and what is wrong."""

from __future__ import annotations

import pytest

from bench.accept.rules import LEAST, Judged, Verdict, judge, right_words

AHEAD = "self.items.append(item)\n        return item"


@pytest.mark.parametrize(
    ("text", "verdict", "taken"),
    [
        ("self.items.append(item)", Verdict.RIGHT, 23),
        ("sel", Verdict.RIGHT, 0),
        (AHEAD + "\n\n    def", Verdict.PARTLY, 23),
        ("self.items.append(item)\n        raise", Verdict.PARTLY, 23),
        ("self.items.remove(item)", Verdict.PARTLY, 4),
        ("sel.x", Verdict.WRONG, 0),
        ("other", Verdict.WRONG, 0),
        ("self_", Verdict.WRONG, 0),
    ],
)
def test_a_text_is_judged_by_what_comes_next(text: str, verdict: Verdict, taken: int) -> None:
    assert judge(text, AHEAD) == Judged(verdict, taken)


def test_few_words_are_not_worth_a_key() -> None:
    assert judge("(x, y.z)", "(x, y)") == Judged(Verdict.PARTLY, 1)
    assert judge("(x other)", "(x, y)") == Judged(Verdict.WRONG, 0)
    assert sum(map(len, right_words("(x other)", "(x, y)"))) < LEAST


def test_words_are_runs_of_letters_or_of_signs_with_the_blanks_ahead() -> None:
    assert right_words("a.b += call(x)", "a.b += call(y)") == ["a", ".", "b", " +=", " call", "("]


def test_the_next_line_is_taken_with_its_line_end() -> None:
    assert judge("\n        return item\n\n\n", "\n        return item\n    x") == Judged(Verdict.PARTLY, 20)
