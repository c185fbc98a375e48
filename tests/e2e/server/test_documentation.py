"""``docs/http-api.md``, every command, answer, program and setting of it; and the commands of the README."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fimble.server.routes.table import ENDPOINTS
from fimble.server.schema.errors import ErrorCode
from fimble.server.settings import ServerSettings, server_settings

from .conftest import ROOT, Serve

pytestmark = pytest.mark.e2e
README = (ROOT / "README.md").read_text("utf-8")
TEXT = (ROOT / "docs" / "http-api.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(found[1], found[2]) for found in BLOCK.finditer(TEXT)]
ADDRESS = "http://127.0.0.1:8741"
SCOPES = ("ann", "--scopes", "complete,chat,usage,admin")


def fits(made: Any, shown: Any) -> bool:
    """Whether two JSON values have the same names and types; null fits everything."""
    if made is None or shown is None:
        return True
    if isinstance(shown, dict):
        same = isinstance(made, dict) and made.keys() == shown.keys()
        return same and all(fits(made[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return isinstance(made, list) and all(fits(each, shown[0]) for each in made)
    number = isinstance(shown, int | float) and not isinstance(shown, bool)
    return isinstance(made, int | float) if number else type(made) is type(shown)


def test_commands_give_the_answers_that_are_shown(serve: Serve, tmp_path: Path) -> None:
    served = serve(fake={"answer": "a + b"}, key=SCOPES)
    run = 0
    for (kind, command), (next_kind, answer) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        if kind != "sh":
            continue
        done = subprocess.run(
            ["bash", "-euc", command.replace(ADDRESS, served.url)],
            env={**os.environ, "KEY": served.key}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout, command
        if next_kind == "json":
            assert fits(json.loads(done.stdout), json.loads(answer)), command
        elif not done.stdout.startswith(("data: ", "# HELP")):
            assert "error" not in json.loads(done.stdout), command
        run += 1
    assert run == 14


def test_the_readmes_commands_work(serve: Serve) -> None:
    served = serve(fake={"answer": "a + b"})
    text = README.partition("## The HTTP API")[2].partition("## ")[0].replace("\\\n", "")
    commands = [line[2:] for line in text.splitlines() if line.startswith("$ curl")]
    for command in commands:
        shown = command.replace("localhost:8741", served.url)
        done = subprocess.run(["bash", "-euc", shown], capture_output=True, text=True, timeout=60)
        assert json.loads(done.stdout) == {"completion": "a + b", "finish_reason": "stop"}, done.stderr
    assert len(commands) == 1


def test_commands_of_the_program_are_right(serve: Serve) -> None:
    served = serve(fake={"answer": "a + b"})
    lines = [line for kind, text in BLOCKS if kind == "" for line in text.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if re.match("fimble (keys|usage)", line)]
    for command in commands:
        assert served.fimble(*command)
    assert len(commands) == 7


def test_the_settings_file_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [text] = [text for kind, text in BLOCKS if kind == "toml"]
    (tmp_path / "config.toml").write_text(text)
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "config.toml"))
    assert server_settings(environment={}).usage_days == 90


def test_the_python_program_runs(serve: Serve, tmp_path: Path) -> None:
    served = serve(fake={"answer": "a + b"}, key=SCOPES)
    [program] = [text for kind, text in BLOCKS if kind == "python"]
    done = subprocess.run(
        [sys.executable, "-c", program.replace(ADDRESS, served.url)],
        env={**os.environ, "KEY": served.key}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "a + b\na + b", done.stderr


def test_the_javascript_program_runs(
    serve: Serve, node: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve(fake={"answer": "a + b"}, key=SCOPES)
    [program] = [text for kind, text in BLOCKS if kind == "js"]
    (tmp_path / "node" / "program.mjs").write_text(program.replace(ADDRESS, served.url))
    monkeypatch.setenv("KEY", served.key)
    assert node("program.mjs") == "a + b\na + b"


def test_every_setting_is_told_as_it_is() -> None:
    for name, field in ServerSettings.model_fields.items():
        default = f"{field.default:g}" if isinstance(field.default, float) else field.default
        shown = f"`{default}`" if default not in (None, "", ()) else "–"
        assert f"| `{name}` | {shown} | {field.description} |" in TEXT


def test_every_endpoint_and_every_error_code_is_there() -> None:
    for endpoint in ENDPOINTS:
        assert f"{endpoint.path}`" in TEXT
    for code in ErrorCode.__args__:  # type: ignore[attr-defined]
        assert f"`{code}`" in TEXT


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings
