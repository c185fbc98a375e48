"""``fimble why``: one place explained, for people and for programs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from fimble.cli.commands import app
from fimble.cli.why_page import show
from fimble.engine.context.choose import Chosen
from fimble.engine.decode.proposals import Candidate
from fimble.engine.errors import InvalidRequest, PrivateFile
from fimble.engine.explain import Explanation
from fimble.engine.gate.weighing import Cut
from fimble.engine.tokens import Certainty, PromptPart
from fimble.engine.types import FimRequest, Snippet, Usage

FOUND = Explanation(
    asked=FimRequest("x = se", "\n", mode="line"),
    model="fimble",
    chosen=(Chosen(Snippet("m.py", "def send(): ...\n"), "definitions", "send"),),
    prompt=(
        PromptPart("<file_sep>", "a.py\n", 3),
        PromptPart("<fim_prefix>", "x" * 90 + " = ", 30),
        PromptPart("", "se", 0),
    ),
    proposals=(Candidate(b"nd(b)\n\tagain", 12, 3, "imports"),),
    written="nd(a) + 1",
    finish_reason="stop",
    certainties=(
        Certainty(b"nd", 0, 0.5, 0.25, 0.125, 0.75, 12, 3, "imports"),
        Certainty("(ä".encode()[:2], 2, 0.5, 0.5),
        Certainty(b"", 9, 0.0625, 0.0625),
    ),
    trimmed="nd(a)",
    cuts=(Cut(2, 0.9, 0.5), Cut(5, 0.625, 2.25)),
    threshold=0.5,
    shown="nd(a)",
    confidence=0.625,
    usage=Usage(33, 3, 0),
)


def page(found: Explanation, width: int = 100, remembered: bool = True) -> str:
    out = io.StringIO()
    show(found, remembered, Console(file=out, width=width, highlight=False))
    return out.getvalue()


class TestPage:
    def test_every_step_is_told(self) -> None:
        told = page(FOUND)
        rows = [" ".join(line.split()) for line in told.splitlines()]
        for expected in (
            "Prompt 33 tokens for fimble, mode line",
            "3 <file_sep> a.py⏎",
            "– typed se",
            "m.py definitions: send",
            "imports 12 3 nd(b)⏎→again",
            "nd 50% 25% 75% 12% 50% imports 12",
            "end 6.2% 6.2% 0% 0% 1.6%",
            "written nd(a) + 1",
            "trimmed nd(a)",
            "Verdict shown from 50% on",
            "90% 0.5 nd",
            "62% 2.2 nd(a)",
            "shown nd(a), 62% likely to be taken",
        ):
            assert expected in rows
        assert "not remembered" not in told
        assert "not remembered" in page(FOUND, remembered=False)

    @pytest.mark.parametrize("width", [40, 60, 200])
    def test_fits_the_terminal_and_no_figure_is_cut(self, width: int) -> None:
        told = page(FOUND, width)
        assert max(map(len, told.splitlines())) <= width
        for figure in ("nd(a)", "62%", "1.6%", "33"):
            assert figure in told

    def test_a_place_where_no_model_is_asked(self) -> None:
        assert "No model was asked" in page(Explanation(None, "fimble"))

    def test_what_is_not_known_is_said(self) -> None:
        told = page(Explanation(FimRequest("", ""), "", shown=""))
        for sentence in (
            "Another machine made it",
            "Nothing.",
            "is not known",
            "everything is shown",
            "shown nothing",
        ):
            assert sentence in told


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


@pytest.mark.usefixtures("fake")
class TestCommand:
    def test_json_has_every_step(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("f(a, \nx = f(a, 1)\n")
        found = json.loads(run("why", f"{tmp_path}/a.py:1:6", "--json").stdout)
        assert (found["written"], found["finish_reason"], found["model"]) == ("b, c", "stop", "fake")
        assert found["asked"]["path"] == "a.py"
        assert found["asked"]["eagerness"] == "balanced"
        assert "f(a, " in "".join(part["text"] for part in found["prompt"])
        assert sum(len(each["text"]) for each in found["certainties"]) == len("b, c")
        assert found["remembered"] is False

    def test_in_a_comment_no_model_is_asked(self) -> None:
        done = run("why", "-:1:6", "--language", "python", stdin="# all")
        assert "No model was asked" in done.stdout
        assert (
            json.loads(run("why", "-:1:6", "--language", "python", "--json", stdin="# all").stdout)["asked"]
            is None
        )

    def test_definitions_come_from_the_repository(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / "m.py").write_text("def closed(first): ...\n")
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "a.py").write_text("from m import closed\n\nclosed(\n")
        found = json.loads(run("why", f"{tmp_path}/sub/a.py:3:8", "--json").stdout)
        assert [(each["snippet"]["path"], each["reason"]) for each in found["chosen"]] == [
            ("m.py", "definitions")
        ]
        assert found["asked"]["path"] == "sub/a.py"
        told = json.loads(
            run("why", f"{tmp_path}/sub/a.py:3:8", "--json", "--workspace", str(tmp_path / "sub")).stdout
        )
        assert (told["chosen"], told["asked"]["path"]) == ([], "a.py")

    def test_private_files_and_wrong_places_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("KEY=")
        assert isinstance(run("why", f"{tmp_path}/.env:1:5").exception, PrivateFile)
        assert isinstance(run("why", "-:5:1", stdin="x").exception, InvalidRequest)
        assert isinstance(run("why", "-:1:1", "--eagerness", "bold", stdin="x").exception, InvalidRequest)


def test_the_bundled_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of it, with a worker process."""
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    area = "def area(width, height):\n    return width * height\n\n\n"
    (tmp_path / "a.py").write_text(area + "def area_of(width, height):\n    return wid\n")
    found = json.loads(run("why", f"{tmp_path}/a.py:6:15", "--json").stdout)
    typed = found["prompt"][-1]
    assert typed["tokens"] == 0
    assert typed["text"].endswith("wid")
    assert [part["control"] for part in found["prompt"][:-1] if part["control"].startswith("<fim")] == [
        "<fim_suffix>", "<fim_prefix>", "<fim_middle>",
    ]  # fmt: skip
    parts = [part["tokens"] + bool(part["control"]) for part in found["prompt"]]
    assert sum(parts) == found["usage"]["prompt_tokens"]
    assert found["proposals"][0]["text"].startswith("th * height")
    assert found["written"].startswith(found["trimmed"])
    assert found["trimmed"].startswith(found["shown"].rstrip("\n"))
    assert found["certainties"]
    assert all(0 < each["probability"] <= 1 for each in found["certainties"])
    assert found["threshold"] < 1
