"""What is read for a suggestion, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.privacy.rules import IGNORE_FILE
from fimble.lsp.context.exclusion import Exclusion, path_of
from fimble.lsp.context.request import inside_word, mode_for
from fimble.lsp.document import Document
from fimble.lsp.options import read_options
from fimble.lsp.positions import Place


def test_secrets_and_ignored_documents_are_left_alone(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / IGNORE_FILE).write_text("private/\n!\n")
    for exclusion in (Exclusion([tmp_path], warnings.append), Exclusion([])):
        uri = tmp_path.as_uri()
        assert "is named in" in str(exclusion.reason(uri + "/private/a.py"))
        assert "secrets" in str(exclusion.reason(uri + "/.env"))
        assert "secrets" in str(exclusion.reason("untitled:/.env"))
        assert exclusion.reason(uri + "/src/a.py") is None
        assert exclusion.reason("untitled:Untitled-1") is None
    assert "Line 2" in warnings[0]


def test_paths_never_tell_more_of_the_disk_than_the_workspace(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    exclusion = Exclusion([tmp_path, inner])
    assert exclusion.relative_path((inner / "src" / "ä b.py").as_uri()) == "src/ä b.py"
    assert exclusion.relative_path((tmp_path / "x.py").as_uri()) == "x.py"
    assert exclusion.relative_path("file:///elsewhere/secret/y.py") == "y.py"
    assert exclusion.relative_path("untitled:Untitled-1") == "untitled:Untitled-1"


def test_windows_addresses() -> None:
    assert str(path_of("file:///C:/a%20b.py")).replace("\\", "/") == "C:/a b.py"
    assert path_of("untitled:1") is None
    assert path_of("file://[") is None


def document(name: str, text: str, language: str = "python") -> Document:
    made = Document(f"file:///w/{name}", language, "utf-16", name)
    made.replace(text)
    return made


@pytest.mark.parametrize(
    ("around", "invoked", "mode"),
    [("x = ▮\n", False, "auto"), ("x = ▮\n", True, "block"), ("x = f(▮, 2)\n", True, "auto")],
)
def test_line_or_block(around: str, invoked: bool, mode: str) -> None:
    prefix, _, suffix = around.partition("▮")
    one = document("m.py", prefix + suffix)
    assert mode_for(one.snapshot(one.place(len(prefix))), invoked) == mode


def test_inside_a_word() -> None:
    one = document("m.py", "foobar baz")
    assert inside_word(one.snapshot(Place(0, 3)))
    assert not inside_word(one.snapshot(Place(0, 6)))


def test_options_of_every_quality() -> None:
    assert read_options(None)[0].enabled
    options, engine, problems = read_options(
        {"enabled": False, "model": "x.gguf", "idleMinutes": 3, "else": 1}
    )
    assert not options.enabled
    assert engine == {"model": "x.gguf", "idle_minutes": 3}
    assert problems == []
    options, _, problems = read_options({"completion": "sometimes", "disabledLanguages": ["c"]})
    assert options.completion == "auto"
    assert options.disabled_languages == ("c",)
    assert "completion" in problems[0]
    assert read_options([1])[2]
