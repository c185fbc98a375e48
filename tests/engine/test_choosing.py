"""Rules: the first one that fits chooses the model."""

from __future__ import annotations

import pytest

from fimble.engine.choosing import Rules
from fimble.engine.model_settings import Rule
from fimble.engine.types import FimRequest

RULES = Rules(
    [
        Rule(model="by-hand-rust", languages=("rust",), trigger="by hand"),
        Rule(model="rust", languages=("rust", "Go")),
        Rule(model="tests", paths=("tests/**", "*_test.py")),
        Rule(model="own", paths=("*.py", "!vendor/"), trigger="automatic"),
        Rule(model="by-hand", trigger="by hand"),
    ]
)


@pytest.mark.parametrize(
    ("language", "path", "invoked", "model"),
    [
        ("rust", "src/main.rs", True, "by-hand-rust"),
        ("rust", "src/main.rs", False, "rust"),
        ("RUST", "", False, "rust"),
        ("go", "tests/a.go", False, "rust"),
        ("python", "tests/unit/a.py", False, "tests"),
        ("python", r"tests\unit\a.py", True, "tests"),
        ("python", "./tests/a.py", False, "tests"),
        ("python", "a/b/c_test.py", False, "tests"),
        ("python", "a/tests/b.py", False, "own"),
        ("python", "a/tests/b.py", True, "by-hand"),
        ("c", "", True, "by-hand"),
        ("c", "a.c", False, None),
        ("", "", False, None),
    ],
)
def test_the_first_rule_that_fits_chooses(language: str, path: str, invoked: bool, model: str | None) -> None:
    assert RULES.model_for(FimRequest("", "", language, path, invoked=invoked)) == model


def test_a_rule_without_conditions_fits_everything() -> None:
    rules = Rules([Rule(model="all"), Rule(model="never", trigger="by hand")])
    assert rules.model_for(FimRequest("", "", invoked=True)) == "all"
