"""The catalogue, and how names become files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.errors import ModelNotFound
from fimble.engine.models import store
from fimble.engine.models.catalogue import bundled_path, catalogue, find_entry, resolve_model, source_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_entries_are_whole_and_in_order() -> None:
    entries = catalogue()
    assert 10 <= len(entries) <= 15
    assert [entry.parameters for entry in entries] == sorted(entry.parameters for entry in entries)
    assert (
        len({entry.name for entry in entries})
        == len({str(entry.source) for entry in entries})
        == len(entries)
    )
    for entry in entries:
        assert store.hub_source(str(entry.source)) is not None, entry.name
        assert store.hub_source(entry.name) is None
        assert not entry.name.endswith(".gguf")
        assert entry.licence
        assert entry.purpose
        assert entry.languages
        assert entry.source.revision == "main" or re.fullmatch("[0-9a-f]{40}", entry.source.revision)
        assert entry.source.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.source.sha256)
        if entry.bytes is not None:  # from 4 to 9 bits a parameter
            assert 0.5 < entry.bytes / (entry.parameters * 1e9) < 1.2, entry.name


def test_the_documentation_names_them_with_their_licences() -> None:
    page = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
    for entry in catalogue():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{entry.name}` |")]
        assert entry.title in row
        assert entry.licence.partition(" (")[0] in row
        assert entry.bytes is None or store.megabytes(entry.bytes) in row


def put(name: str) -> Path:
    path = store.place(source_of(name))
    path.parent.mkdir(parents=True)
    shutil.copy(bundled_path(), path)
    return path


def test_a_name_of_the_catalogue_is_found_once_it_is_here() -> None:
    with pytest.raises(ModelNotFound, match="Run `fimble models pull mellum-4b`"):
        resolve_model("mellum-4b")
    path = put("mellum-4b")
    assert resolve_model("mellum-4b") == ("mellum-4b", path)
    entry = find_entry("mellum-4b")
    assert entry is not None
    assert resolve_model(str(entry.source)) == ("mellum-4b-base.Q8_0", path)


def test_a_file_of_the_hub_is_found_once_it_is_here() -> None:
    with pytest.raises(ModelNotFound, match=r"fimble models pull a/b/c\.gguf"):
        resolve_model("a/b/c.gguf")
    path = put("a/b/c.gguf")
    assert resolve_model("a/b/c.gguf") == ("c", path)
    assert store.pulled() == [path]
    assert store.hub_name(path) == "a/b/c.gguf"


def test_a_file_on_this_machine_goes_ahead_of_one_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    near = Path("a/b/c.gguf")
    near.parent.mkdir(parents=True)
    shutil.copy(bundled_path(), near)
    put("a/b/c.gguf")
    assert resolve_model("a/b/c.gguf") == ("c", near)


def test_what_is_half_there_is_not_there(folder: Path) -> None:
    path = store.place(source_of("a/b/c.gguf"))
    path.parent.mkdir(parents=True)
    path.with_name(".c.gguf.0123.part").write_bytes(b"GGUF")
    assert store.pulled() == []
    with pytest.raises(ModelNotFound):
        resolve_model("a/b/c.gguf")
    store.remove(path)
    assert not list(path.parent.parent.glob("*"))


def test_only_downloads_are_removed(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    shutil.copy(bundled_path(), own)
    with pytest.raises(Exception, match="Remove the file yourself"):
        store.remove(own)
    assert own.exists()


@given(st.text(st.sampled_from("ab./~-_\\ \0é"), max_size=30).map(lambda text: text + "/m.gguf"))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    source = store.hub_source(name)
    if source is not None:
        place = store.place(source)
        assert ".." not in place.relative_to(store.models_folder()).parts
        assert place.resolve().is_relative_to(store.models_folder().resolve())
