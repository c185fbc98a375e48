"""Hostile templates and conversations: rendering ends soon, writes little, and can be stopped."""

from __future__ import annotations

import threading

import pytest

from fimble.engine.errors import ContextLengthExceeded, InvalidRequest, ModelFileError
from fimble.engine.limits import TEMPLATE_CHARACTERS
from fimble.engine.prompt import sandbox
from fimble.engine.prompt.chat import ChatTemplate
from fimble.engine.prompt.vocabulary import Vocabulary
from fimble.engine.stopping import Check, Stopped, unchecked
from fimble.engine.types import ChatRequest, Message

VOCABULARY = Vocabulary(100, frozenset({2}), {"</s>": 2})
MANY = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}"
    "BODY{% endfor %}{% endfor %}{% endfor %}"
)


def render(source: str, *messages: Message, most: int = 10_000, check: Check = unchecked) -> list[str | int]:
    request = ChatRequest(messages or (Message("user", "hi"),))
    return ChatTemplate(source, source, VOCABULARY).render(request, request.messages, most, check)


def rendering() -> int:
    return sum(thread.name == "chat template" for thread in threading.enumerate())


def test_a_template_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "TEMPLATE_SECONDS", 0.05)
    with pytest.raises(InvalidRequest, match="takes too long"):
        render(MANY.replace("BODY", ""))
    assert rendering() == 0


def test_a_conversation_that_a_template_walks_through_again_and_again_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "TEMPLATE_SECONDS", 0.05)
    source = "{% for a in messages %}" * 3 + "{% endfor %}" * 3
    with pytest.raises(InvalidRequest, match="takes too long"):
        render(source, *[Message("user", "hi")] * 5_000)
    assert rendering() == 0


def test_rendering_ends_when_nobody_waits_for_it() -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Stopped

    with pytest.raises(Stopped):
        render(MANY.replace("BODY", ""), check=check)
    assert rendering() == 0


def test_a_template_writes_no_more_than_fits() -> None:
    with pytest.raises(ContextLengthExceeded, match="10000 characters") as caught:
        render(MANY.replace("BODY", "x"))
    assert caught.value.param == "messages"
    with pytest.raises(ContextLengthExceeded):
        render("{{ messages[0].content }}", Message("user", "x" * 10_001))
    assert render("{{ messages[0].content }}", Message("user", "x" * 10_000)) == ["x" * 10_000]


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 10000000000 }}",
        "{{ (10000000000 * 'x') | length }}",
        "{{ [1] * 10000000000 }}",
        "{% set x = 10 ** 10000000 %}{{ x }}",
        "{% set ns = namespace(x=99999) %}{% for i in range(40) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '%10000000000d' | format(1) }}",
        "{{ '%*d' | format(10000000000, 1) }}",
        "{{ '{:10000000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 10000000000) }}",
        "{{ 'x'.ljust(10000000000) }}",
        "{{ 'x' | center(10000000000) }}",
        "{{ 'x\ny' | indent(10000000000) }}",
        "{{ [1] | tojson(indent=10000000000) }}",
        "{{ [1] | batch(10000000000, 'x') | list }}",
        "{{ range(10000000000) | list }}",
        "{{ lipsum(n=1000000) }}",
    ],
)
def test_a_step_that_would_fill_the_memory_is_refused(source: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot show this conversation"):
        render(source)


def test_ordinary_sizes_are_served() -> None:
    source = (
        "{{ '=' * 40 }}{{ 'a' | center(9) }}{{ '%05d' | format(42) }}{{ '{:>6}'.format('b') }}{{ 2 ** 10 }}"
        "{{ 123456789 * 1000 }}{{ '%s' % 1000000 }}{{ [1] | tojson(indent=2) }}{{ 1234567.891 | round(1) }}"
    )
    assert render(source) == [
        "=" * 40
        + "    a    "
        + "00042"
        + "     b"
        + "1024"
        + "123456789000"
        + "1000000"
        + "[\n  1\n]"
        + "1234567.9"
    ]


@pytest.mark.parametrize(
    "source",
    ["x" * (TEMPLATE_CHARACTERS + 1), "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "{% if 1 %}" * 3_000],
    ids=["long", "deep", "nested"],
)
def test_a_template_that_cannot_be_compiled_is_the_models_fault(source: str) -> None:
    with pytest.raises(ModelFileError, match="chat template cannot be used"):
        render(source)
