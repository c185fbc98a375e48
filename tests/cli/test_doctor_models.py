"""``fimble doctor`` tells of each configured model whether its file can be opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fimble.cli.commands import app

from ..engine.tiny_llama import metadata, tiny


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, dict[str, str]]:
    """The checks with a sound model, a damaged one, one that only chats and one that is not there."""
    (tmp_path / "sound.gguf").write_bytes(tiny())
    (tmp_path / "damaged.gguf").write_bytes(tiny()[:-100])
    without = {key: value for key, value in metadata().items() if "fim" not in key}
    names = without["tokenizer.ggml.tokens"]
    without["tokenizer.ggml.tokens"] = [name.replace("<PRE>", "<no>") for name in names]
    (tmp_path / "chats.gguf").write_bytes(tiny(without))
    tables = "".join(
        f"[models.{name}]\nmodel = '{tmp_path / name}.gguf'\n" for name in ("sound", "damaged", "chats")
    )
    rules = "[[rules]]\nmodel = 'gpt-9'\nlanguages = ['python']\n"
    config = tmp_path / "config.toml"
    config.write_text(f"engine = 'local'\n{tables}\n{rules}")
    monkeypatch.setenv("FIMBLE_CONFIG", str(config))
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 0, done.output
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_each_model_has_a_line(checks: dict[str, dict[str, str]]) -> None:
    lines = {name: check for name, check in checks.items() if name.startswith("model ")}
    assert [(name, check["result"]) for name, check in lines.items()] == [
        ("model sound", "ok"), ("model damaged", "warning"), ("model chats", "warning"),
        ("model gpt-9", "warning"),
    ]  # fmt: skip
    assert lines["model sound"]["detail"].startswith("sound: llama, 0 MB, context 64, ")
    assert "cut off" in lines["model damaged"]["detail"]
    assert lines["model damaged"]["advice"] == "Correct `[models.damaged]`, or remove it."
    assert "suggests nothing" in lines["model chats"]["advice"]
    assert lines["model gpt-9"]["advice"] == "Correct the rule that names it, or remove it."
    # the default model answers, whatever a rule says of Python
    assert checks["self-test"]["result"] == "ok"
