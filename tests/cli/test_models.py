"""``fimble models``: what it shows, what it writes, what it deletes."""

from __future__ import annotations

import json
import mmap
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fimble.cli.commands import app
from fimble.cli.config_file import write_setting
from fimble.engine.errors import FimbleError, ModelError, ModelNotFound, SettingsError
from fimble.engine.models import store
from fimble.engine.models.catalogue import bundled_path, source_of

from ..engine.fake_hub import FakeHub, running_hub

HUB_NAME = "someone/model-GGUF/model.gguf"


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.delenv("FIMBLE_MODEL", raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as running:
        running.files[HUB_NAME] = bundled_path().read_bytes()
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setenv("NO_PROXY", "*")
        yield running


def run(*arguments: str, keys: str = "") -> str:
    done = CliRunner().invoke(app, ["models", *arguments], catch_exceptions=False, input=keys)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def put(name: str) -> Path:
    path = store.place(source_of(name))
    path.parent.mkdir(parents=True)
    shutil.copy(bundled_path(), path)
    return path


def listed() -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(run("list", "--json"))}


def test_from_the_hub_into_use_and_away(hub: FakeHub, config: Path) -> None:
    told = run("pull", HUB_NAME)
    assert "15 MB" in told
    assert f"fimble models use {HUB_NAME}" in told
    assert listed()[HUB_NAME]["used"] is False
    run("use", HUB_NAME)
    assert tomllib.loads(config.read_text()) == {"model": HUB_NAME}
    assert listed()[HUB_NAME]["used"] is True
    assert "fimble models use bundled" in run("rm", HUB_NAME, "--yes")
    assert HUB_NAME not in listed()


def test_the_list_tells_what_is_here(config: Path) -> None:
    path = put("mellum-4b")
    run("use", "mellum-4b")
    found = listed()
    assert (found["mellum-4b"]["path"], found["mellum-4b"]["used"]) == (str(path), True)
    assert found["mellum-4b"]["bytes"] == bundled_path().stat().st_size
    assert (found["bundled"]["used"], found["qwen2.5-coder-7b"]["path"]) == (False, "")
    assert found["qwen2.5-coder-7b"]["bytes"] == 8_098_525_600


def test_a_file_elsewhere_that_is_in_use_is_listed(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    shutil.copy(bundled_path(), own)
    run("use", str(own))
    assert listed()[str(own)]["used"] is True


def test_nothing_is_cut_in_a_terminal_of_80_columns() -> None:
    shown = CliRunner().invoke(app, ["models", "list"], env={"COLUMNS": "80"}).output
    assert "…" not in shown
    assert {"bundled", "qwen2.5-coder-1.5b", "Apache-2.0", "8.1", "GB", "use"} <= set(shown.split())


def test_what_is_not_here_is_not_used(config: Path) -> None:
    with pytest.raises(ModelNotFound, match="fimble models pull mellum-4b"):
        run("use", "mellum-4b")
    with pytest.raises(FimbleError):
        run("use", "/nowhere/x.gguf")
    assert not config.exists()


def test_a_damaged_file_is_not_used(config: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(bundled_path().read_bytes()[:100_000])
    with pytest.raises(FimbleError, match="damaged"):
        run("use", str(broken))
    assert not config.exists()


def test_the_environment_that_wins_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_MODEL", "bundled")
    assert "FIMBLE_MODEL" in run("use", "bundled")


def test_removing_asks_and_refuses_the_bundled_one() -> None:
    path = put("mellum-4b")
    declined = CliRunner().invoke(app, ["models", "rm", "mellum-4b"], input="n\n")
    assert declined.exit_code == 1
    assert path.exists()
    run("rm", "mellum-4b", keys="y\n")
    assert not path.exists()
    with pytest.raises(ModelError, match="stays"):
        run("rm", "bundled", "--yes")
    with pytest.raises(ModelNotFound):
        run("rm", "mellum-4b", "--yes")


def test_who_has_a_model_open_keeps_it_when_it_is_removed() -> None:
    path = put("mellum-4b")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as weights:
        run("rm", "mellum-4b", "--yes")
        assert not path.exists()
        assert weights[:] == bundled_path().read_bytes()


def test_facts_of_a_file() -> None:
    found = json.loads(run("info", "bundled", "--json"))
    assert (found["architecture"], found["context"]) == ("llama", "2,048 tokens")
    assert found["quantisation"].startswith("mostly Q8_0, 8.")
    assert found["fill in the middle"] == "fimble format, found by keys"
    assert (found["chat template"], found["licence"]) == ("none", "apache-2.0")
    assert found["runtime"] in ("llamacpp", "ctransformers") or "not llamacpp" in found["runtime"]
    assert str(bundled_path()) in run("info", str(bundled_path())).replace("\n", "").replace(" ", "")


def test_facts_of_what_is_not_here_yet() -> None:
    found = json.loads(run("info", "qwen2.5-coder-7b", "--json"))
    assert "fimble models pull qwen2.5-coder-7b" in found["file"]
    assert (found["size"], found["licence"], found["memory"]) == ("8.1 GB", "Apache-2.0", "about 9.1 GB")


TABLES = """
[models.small]
model = "bundled"

[models.large]
model = "mellum-4b"
"""


def test_models_with_a_table_go_by_their_own_names(config: Path) -> None:
    config.write_text(TABLES)
    path = put("mellum-4b")
    run("use", "large")
    assert tomllib.loads(config.read_text())["model"] == "large"
    assert listed()["large"]["used"] is True
    assert json.loads(run("info", "small", "--json"))["file"] == str(bundled_path())
    assert "The settings still name" in run("rm", "mellum-4b", "--yes")
    assert not path.exists()


def test_the_doctor_knows_them(config: Path) -> None:
    config.write_text('model = "small"\n' + TABLES)
    done = CliRunner().invoke(app, ["doctor", "--json", "--engine", "local"])
    assert done.exit_code == 0
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["model"]["result"] == checks["model small"]["result"] == "ok"
    assert checks["model large"]["result"] == "warning"
    assert "fimble models pull mellum-4b" in checks["model large"]["detail"]
    assert re.fullmatch(r"\d+ projects?, \d+ MB in .+index", checks["memory"]["detail"])


FULL = """# mine
engine = "shared"  # for both editors
model = "old" # the old one

[server]
port = 1  # a key of another room
"""


def test_comments_and_other_keys_stay(config: Path) -> None:
    config.write_text(FULL)
    config.chmod(0o600)
    write_setting("model", "new")
    assert config.read_text() == FULL.replace('"old"', '"new"')
    assert config.stat().st_mode & 0o777 == 0o600


def test_a_new_key_goes_ahead_of_tables(config: Path) -> None:
    config.write_text('# mine\n[server]\nport = 1\n\n[models.small]\npath = "x"\n')
    write_setting("model", "new")
    assert tomllib.loads(config.read_text()) == {
        "model": "new", "server": {"port": 1}, "models": {"small": {"path": "x"}},
    }  # fmt: skip
    assert "# mine" in config.read_text()


def test_a_linked_file_stays_a_link(config: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "fimble.toml"
    real.parent.mkdir()
    real.write_text("queue = 3\n")
    config.symlink_to(real)
    write_setting("model", "new")
    assert config.is_symlink()
    assert tomllib.loads(real.read_text()) == {"queue": 3, "model": "new"}


def test_a_file_that_is_no_toml_is_left_alone(config: Path) -> None:
    config.write_text("model = [")
    with pytest.raises(SettingsError, match="Correct it first"):
        write_setting("model", "new")
    assert config.read_text() == "model = ["


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40))
def test_any_name_comes_back(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("config")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIMBLE_CONFIG", str(folder / "config.toml"))
        (folder / "config.toml").write_text("[server]\nport = 1\n")
        write_setting("model", name)
        assert tomllib.loads((folder / "config.toml").read_text()) == {"model": name, "server": {"port": 1}}
