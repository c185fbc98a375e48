"""What is shown of a text: a beginning of it that ends at an allowed place, and is sure enough."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.gate import Gate, Verdict
from fimble.engine.gate.calibration import Calibration, calibrations
from fimble.engine.gate.cuts import cuts, in_word
from fimble.engine.tokens import Certainty
from fimble.engine.trim.checker import SyntaxChecker
from fimble.engine.types import Eagerness, FimRequest

PLAIN = Calibration(
    "the product of the tokens' probabilities as it is", 0.0, {"running": 1.0},
    {"subtle": 0.7, "balanced": 0.5, "eager": 0.25}, [(0.0, 0.0), (1.0, 1.0)], 1.0, 0.0, 0.2,
)  # fmt: skip


def tokens(*pairs: tuple[str, float], end: float | None = 0.9) -> list[Certainty]:
    """Tokens with their probabilities, and the end token with ``end``."""
    made, offset = list[Certainty](), 0
    for text, probability in pairs:
        made.append(Certainty(text.encode(), offset, probability, probability))
        offset += len(text)
    return made if end is None else [*made, Certainty(b"", offset, end, end, end)]


def judged(
    around: str, told: list[Certainty], eagerness: Eagerness | None = "balanced", text: str = "", **kw: Any
) -> Verdict:
    prefix, _, suffix = around.partition("▮")
    request = FimRequest(prefix, suffix, "python", eagerness=eagerness, **kw)
    whole = text or b"".join(each.text for each in told).decode()
    return Gate(request, PLAIN).judge(whole, told)


SURE_THEN_NOT = tokens(("total", 0.9), ("_count", 0.9), (" +", 0.8), (" unknown", 0.1))


def test_what_is_sure_is_shown_whole() -> None:
    assert judged("x = ▮\n", tokens(("total", 0.9), ("_count", 0.95))).text == "total_count"


def test_a_text_is_cut_behind_the_last_word_that_is_sure() -> None:
    verdict = judged("x = ▮\n", SURE_THEN_NOT)
    assert verdict.text == "total_count"
    assert verdict.confidence == pytest.approx(0.81, abs=0.01)


def test_nothing_is_shown_where_nothing_is_sure() -> None:
    assert judged("x = ▮\n", tokens(("total", 0.4))) == Verdict("", 0.0)


@pytest.mark.parametrize(
    ("eagerness", "shown"), [("eager", "abcd + efgh"), ("balanced", "abcd"), ("subtle", "")]
)
def test_eagerness_says_how_sure_it_must_be(eagerness: Eagerness, shown: str) -> None:
    assert judged("x = ▮\n", tokens(("abcd", 0.6), (" + efgh", 0.6)), eagerness).text == shown


def test_by_hand_everything_is_shown_and_told_how_sure_it_is() -> None:
    told = tokens(("total", 0.5), (" + 1", 0.5))
    assert judged("x = ▮\n", told, invoked=True) == Verdict("total + 1", pytest.approx(0.25, abs=0.01))
    assert judged("x = ▮\n", told, None) == Verdict("total + 1", pytest.approx(0.25, abs=0.01))


def test_a_caller_may_ask_for_more_than_the_eagerness_does() -> None:
    told = tokens(("abcd", 0.8), (" + efgh", 0.8))
    assert judged("x = ▮\n", told, "eager", min_confidence=0.7).text == "abcd"
    assert judged("x = ▮\n", told, None, min_confidence=0.7).text == "abcd"
    assert judged("x = ▮\n", told, None, min_confidence=0.9).text == ""


def test_a_few_characters_are_not_worth_reading() -> None:
    assert judged("x = ▮\n", tokens(("a", 0.99), ("bc", 0.99))).text == ""
    assert judged("x = ▮\n", tokens(("abc", 0.99)), None, min_confidence=0.5).text == "abc"


def test_refused_texts_make_it_stricter_until_one_is_taken() -> None:
    told = tokens(("total", 0.56))
    assert judged("x = ▮\n", told, taken=(True, False, False)).text == "total"
    assert judged("x = ▮\n", told, taken=(False,)).text == ""
    thresholds = [PLAIN.threshold("balanced", (False,) * n) for n in range(9)]
    assert thresholds == sorted(thresholds)
    assert max(thresholds) < 1


def test_no_cut_adds_an_error() -> None:
    told = tokens(("values", 0.99), (" lambda", 0.9), (" ready", 0.1))
    assert judged("▮\n", told).text == "values"


def test_a_word_that_was_cut_off_is_not_shown() -> None:
    assert judged("x = ▮\n", tokens(("abcde", 0.9), (".fghij", 0.9), end=None)).text == "abcde"
    unlikely = tokens(("abcde", 0.9), (".fghij", 0.9), ("kl", 0.01), end=None)
    assert judged("x = ▮\n", unlikely, text="abcde.fghij").text == "abcde"
    assert judged("x = ▮\n", tokens(("abcde", 0.9), ("\n", 0.8), end=None), text="abcde").text == "abcde"


def test_without_certainties_a_text_is_shown_and_nothing_is_told() -> None:
    assert judged("x = ▮\n", [], text="anything") == Verdict("anything", None)


def test_blanks_that_were_trimmed_do_not_matter() -> None:
    told = tokens(("first()  ", 0.9), ("\n    ", 0.95), ("second()", 0.9))
    assert judged("def f():\n    ▮\n", told, text="first()\n    second()").text == "first()\n    second()"


def test_a_text_that_the_tokens_do_not_spell_is_worth_nothing() -> None:
    told = tokens(("total", 0.9), (" + other", 0.9))
    assert judged("x = ▮\n", told, text="total - other").text == "total"
    assert judged("x = ▮\n", told, None, text="total - other") == Verdict("total - other", 0.0)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("total + 1", ["total", "total + 1"]),
        ("call(a, b) + c", ["call", "call(a, b)", "call(a, b) + c"]),
        ("call(a, b", ["call"]),
        ('"one two" + c', ['"one two"', '"one two" + c']),
        ('"one two', []),
        ("f'one two' + c", ["f'one two'", "f'one two' + c"]),
        (r'"a\"b" + c', [r'"a\"b"', r'"a\"b" + c']),
        ("3.14 + 2e-5", ["3.14", "3.14 + 2e-5"]),
        ("it's so", ["it's", "it's so"]),
        ("&'a str", ["&'a", "&'a str"]),
        ("a = [\n    1,\n]\nb", ["a", "a = [\n    1,\n]", "a = [\n    1,\n]\nb"]),
        ("café crème", ["café", "café crème"]),
        (") + b", [")", ") + b"]),
        ("", []),
    ],
)
def test_cuts(text: str, ends: list[str]) -> None:
    assert [text[:cut] for cut in cuts(text)] == ends


def test_in_a_string_words_are_cut_until_it_ends() -> None:
    found = cuts('one two", "three four") + x', 'print("')
    assert [*found] == [3, 7, 8, 22, 23, 27]


def test_in_front_of_a_word_no_cut_ends_in_one() -> None:
    assert [*cuts("(a) b c)", "", "d")] == [3, 8]


TEXTS = st.text(st.sampled_from("ab1_ .,()[]{}\"'`\\\n\té\u0301🙂=+#:"), max_size=40)
PROBABILITIES = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)


@st.composite
def certainties(draw: st.DrawFn, text: str) -> list[Certainty]:
    """Tokens that spell a text, or nearly; they may end inside a character."""
    data, made = text.encode(), list[Certainty]()
    while data:
        count = draw(st.integers(0, 6))
        chosen, own, end, memory = (draw(PROBABILITIES) for _ in range(4))
        matched, support = draw(st.integers(-1, 99)), draw(st.integers(-1, 1 << 40))
        scope = draw(st.sampled_from(("file", "open", "project", None)))
        offset = draw(st.integers(0, 40))
        made.append(Certainty(data[:count], offset, chosen, own, end, memory, matched, support, scope))
        data = data[count or draw(st.integers(0, 1)) :]
    return made


REQUESTS = st.builds(
    FimRequest,
    prefix=TEXTS,
    suffix=TEXTS,
    language=st.sampled_from(("python", "javascript", "json", "plaintext")),
    eagerness=st.sampled_from(("subtle", "balanced", "eager", None)),
    min_confidence=st.none() | st.floats(0, 1),
    taken=st.lists(st.booleans(), max_size=5).map(tuple),
    invoked=st.booleans(),
)


@given(REQUESTS, TEXTS, st.data())
def test_what_is_shown_is_a_beginning_that_ends_at_an_allowed_place(
    request: FimRequest, text: str, data: st.DataObject
) -> None:
    told = data.draw(certainties(data.draw(st.sampled_from((text, text + "b", text[:5], "x" + text)))))
    gate = Gate(request, data.draw(st.sampled_from([PLAIN, *calibrations().size])))
    verdict = gate.judge(text, told)
    shown = verdict.text
    assert text.startswith(shown)
    assert verdict.confidence is None or 0 <= verdict.confidence <= 1
    assert 0 <= gate.floor <= 1
    if not gate.holds or not told:
        assert shown == text
    elif shown:
        assert len(shown) in cuts(text, request.prefix.rpartition("\n")[2], request.suffix)
        assert SyntaxChecker(request).acceptable(shown)
        assert not (in_word(shown[-1]) and in_word(text[len(shown) : len(shown) + 1]))


@given(REQUESTS, TEXTS, st.data())
def test_whoever_asks_for_more_is_shown_what_is_surer(
    request: FimRequest, text: str, data: st.DataObject
) -> None:
    told = data.draw(certainties(text))
    low, high = sorted(data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    lax, strict = (
        Gate(replace(request, eagerness=None, min_confidence=each), PLAIN).judge(text, told)
        for each in (low, high)
    )
    if strict.text and told:
        assert strict.confidence is not None
        assert strict.confidence >= high
        assert lax.text
    assert Gate(replace(request, min_confidence=low), PLAIN).floor <= (
        Gate(replace(request, min_confidence=high), PLAIN).floor
    )
