"""``[models.NAME]`` and ``[[rules]]``: what is wrong is told with its place, and left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.limits import MODEL_NAME_CHARACTERS, MODEL_RULES, MODEL_TABLES
from fimble.engine.model_settings import ModelSettings, Rule

from .settings_file import load


def test_tables_and_rules(config: Path) -> None:
    settings, problems = load(
        config,
        """
        model = "small"
        threads = 3
        [models.small]
        model = "bundled"
        [models."large-1.5"]
        model = "~/large.gguf"
        runtime = "llamacpp"
        window_tokens = 2048
        threads = 2
        gpu_layers = 0
        cache_tokens = 9000
        [[rules]]
        model = "large-1.5"
        languages = ["rust", "go"]
        paths = "src/**"
        trigger = "by hand"
        """,
    )
    assert problems == []
    assert settings.rules == (
        Rule(model="large-1.5", languages=("rust", "go"), paths=("src/**",), trigger="by hand"),
    )
    large = settings.for_model("large-1.5")
    chosen = (large.model, large.runtime, large.window_tokens, large.threads, large.gpu_layers)
    assert chosen == ("~/large.gguf", "llamacpp", 2048, 2, 0)
    assert large.cache_tokens == 9000
    small = settings.for_model("small")
    assert (small.model, small.threads, small.runtime) == ("bundled", 3, "auto")
    assert settings.for_model("other.gguf").model == "other.gguf"


TABLES = {
    'models = "x"': "`models` is 'x' in FILE, and no tables. It is ignored.",
    "[models]\nlarge = 3": "`models.large` is 3 in FILE, and no table. It is ignored.",
    "[models.large]\nthreads = 3": "`models.large.model` is missing in FILE. The model is ignored.",
    "[models.large]\nmodel = 3": (
        "`models.large.model` is 3 in FILE: Input should be a valid string. The model is ignored."
    ),
    '[models.default]\nmodel = "x.gguf"': (
        "The table 'models.default' in FILE is ignored: `default` means the model of `model`; "
        "choose another name."
    ),
    '[models."a b"]\nmodel = "x.gguf"': (
        "The table 'models.a b' in FILE is ignored: a name has at most 64 letters, digits, dots, dashes and "
        "underscores, and begins with a letter or digit."
    ),
}
RULES = {
    'rules = "x"': "`rules` is 'x' in FILE, and no list. It is ignored.",
    "rules = [3]": "Rule 1 in FILE is 3, and no table. It is ignored.",
    '[[rules]]\nlanguages = ["c"]': "`rule 1: model` is missing in FILE. The rule is ignored.",
    '[[rules]]\nmodel = "x"\nlanguage = "c"': (
        "Unknown setting `rule 1: language` in FILE; did you mean `languages`? The rule is ignored."
    ),
    '[[rules]]\nmodel = "x"\ntrigger = "hand"': (
        "`rule 1: trigger` is 'hand' in FILE: Input should be 'automatic' or 'by hand'. The rule is ignored."
    ),
    '[[rules]]\nmodel = "x"\npaths = ["a", "b["]': (
        "`rule 1: paths` is ['a', 'b['] in FILE: the pattern 'b[' cannot be used: a bracket or a backslash "
        "in it is not finished. The rule is ignored."
    ),
    '[[rules]]\nmodel = "x"\npaths = "# c"': (
        "`rule 1: paths` is '# c' in FILE: the pattern '# c' cannot be "
        "used: it names nothing. The rule is ignored."
    ),
}


@pytest.mark.parametrize("text", TABLES)
def test_a_table_that_cannot_be_used_is_left_out(config: Path, text: str) -> None:
    settings, problems = load(config, f'{text}\n[models.sound]\nmodel = "bundled"' if "[" in text else text)
    assert problems == [TABLES[text]]
    assert settings.models == ({"sound": ModelSettings(model="bundled")} if "[" in text else {})


@pytest.mark.parametrize("text", RULES)
def test_a_rule_that_cannot_be_used_is_left_out(config: Path, text: str) -> None:
    settings, problems = load(config, f'{text}\n[[rules]]\nmodel = "sound"' if "[[" in text else text)
    assert problems == [RULES[text]]
    assert settings.rules == ((Rule(model="sound"),) if "[[" in text else ())


def test_what_is_wrong_in_a_table_leaves_its_model(config: Path) -> None:
    settings, problems = load(config, '[models.large]\nmodel = "x.gguf"\nthreads = "many"\nthread = 3\n')
    assert settings.models == {"large": ModelSettings(model="x.gguf")}
    assert sorted(problems) == [
        "Unknown setting `models.large.thread` in FILE; did you mean `threads`? It is ignored.",
        "`models.large.threads` is 'many' in FILE: Input should be a valid integer, unable to parse string "
        "as an integer. What `threads` is for all models is used.",
    ]


def test_there_are_only_so_many(config: Path) -> None:
    tables = "".join(f'[models.m{n}]\nmodel = "bundled"\n' for n in range(MODEL_TABLES + 1))
    rules = '[[rules]]\nmodel = "m1"\n' * (MODEL_RULES + 1)
    settings, problems = load(config, tables + rules)
    assert (len(settings.models), len(settings.rules)) == (MODEL_TABLES, MODEL_RULES)
    assert problems == [
        f"`models` has more than {MODEL_TABLES} tables in FILE; the rest is ignored.",
        f"`rules` has more than {MODEL_RULES} entries in FILE; the rest is ignored.",
    ]


def test_long_names_and_conditions_are_told_and_cut(config: Path) -> None:
    name = "n" * (MODEL_NAME_CHARACTERS + 1)
    long = "x" * 100_000
    settings, problems = load(
        config,
        f'[models.{name}]\nmodel = "a"\n[models.a]\nmodel = "a"\n{long} = 1\n'
        f'[[rules]]\nmodel = "a"\npaths = "{long}"',
    )
    assert (list(settings.models), settings.rules) == (["a"], ())
    assert len(problems) == 3
    assert all(len(problem) < 400 for problem in problems)
