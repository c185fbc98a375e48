"""``[upstreams.NAME]`` and the models that name them: what is wrong is told with its place, and left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.limits import UPSTREAM_TABLES
from fimble.engine.routing import Price
from fimble.engine.settings import Settings
from fimble.engine.upstream_settings import UpstreamSettings

from .settings_file import load

TEAM = '[upstreams.team]\nkind = "fimble"\naddress = "https://team.example"\n'


def test_a_model_is_asked_of_its_upstreams(config: Path) -> None:
    settings, problems = load(
        config,
        """
        model = "coder"
        [models.coder]
        upstreams = ["gpu", "cloud"]
        model = "bundled"
        [models.far]
        upstreams = ["cloud"]
        [upstreams.gpu]
        kind = "vllm"
        address = "http://gpu:8000/"
        model = "Qwen/Qwen2.5-Coder-7B"
        slots = 64
        [upstreams.cloud]
        kind = "mistral"
        key = "env:MISTRAL_API_KEY"
        price = { prompt = 0.3, completion = 0.9 }
        backup = true
        [[rules]]
        model = "far"
        """,
    )
    assert problems == []
    gpu, cloud = settings.upstreams_of("coder").values()
    assert (gpu.url, gpu.slots, gpu.backup) == ("http://gpu:8000", 64, False)
    assert cloud.url == "https://api.mistral.ai"
    assert cloud.price is not None
    assert cloud.price.to_engine() == Price(0.3, 0.9)
    assert settings.for_model("coder").model == "bundled"
    assert (settings.stands_in("coder"), settings.stands_in("far")) == (True, False)
    assert settings.names == ["coder", "far"]


def test_an_engine_elsewhere_is_an_upstream_of_every_model() -> None:
    there = Settings(engine="https://team.example/", key="secret").upstreams_of("bundled")
    assert list(there) == ["https://team.example"]
    assert there["https://team.example"].kind == "fimble"
    cluster = Settings(engine="ray").upstreams_of("bundled")["ray"]
    assert (cluster.kind, cluster.url, cluster.model) == ("ray", "auto", "")
    assert Settings().upstreams_of("bundled") == {}


WRONG = {
    'upstreams = "x"': "`upstreams` is 'x' in FILE, and no tables. It is ignored.",
    "[upstreams]\nteam = 3": "`upstreams.team` is 3 in FILE, and no table. It is ignored.",
    '[upstreams.team]\naddress = "https://a"': (
        "`upstreams.team.kind` is missing in FILE. The upstream is ignored."
    ),
    '[upstreams.team]\nkind = "openai"': (
        "`upstreams.team` in FILE: an upstream of the kind `openai` needs its `address`. "
        "The upstream is ignored."
    ),
    '[upstreams.team]\nkind = "llama"\naddress = "gpu:8080"': (
        "`upstreams.team` in FILE: `address` should begin with http:// or https://. The upstream is ignored."
    ),
    TEAM + "slot = 3": (
        "Unknown setting `upstreams.team.slot` in FILE; did you mean `slots`? The upstream is ignored."
    ),
    '[upstreams.team]\nkind = "fimble"\naddress = "http://ann:secret@host"': (
        "`upstreams.team.address` is an address with more in it than its place in FILE: should be a bare "
        "address, such as https://team.example:8741; a key belongs into `key`. The upstream is ignored."
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_and_left_out(config: Path, text: str) -> None:
    settings, problems = load(config, text)
    assert problems == [WRONG[text]]
    assert settings.upstreams == {}


def test_no_message_repeats_a_key(config: Path) -> None:
    _, problems = load(config, TEAM + 'key = 31337\n[models.a]\nupstreams = ["team"]')
    assert "31337" not in " ".join(problems)
    assert "upstreams.team.key" in problems[0]
    settings, _ = load(config, TEAM + 'key = "31337"')
    assert "31337" not in repr(settings)


def test_a_model_of_unknown_upstreams(config: Path) -> None:
    settings, problems = load(
        config, TEAM + '[models.a]\nupstreams = ["team", "gone"]\n[models.b]\nupstreams = ["gone"]\n'
    )
    assert settings.models["a"].upstreams == ("team",)
    assert "b" not in settings.models
    assert problems == [
        "`models.a.upstreams` names 'gone', but there is no table `[upstreams.gone]` that can be used. "
        "It is left out.",
        "`models.b.upstreams` names 'gone', but there is no table `[upstreams.gone]` that can be used. "
        "The model is ignored.",
    ]


def test_there_are_not_too_many(config: Path) -> None:
    text = "".join(TEAM.replace("team]", f"u{n}]") for n in range(UPSTREAM_TABLES + 1))
    settings, problems = load(config, text)
    assert len(settings.upstreams) == UPSTREAM_TABLES
    assert problems == [f"`upstreams` has more than {UPSTREAM_TABLES} tables in FILE; the rest is ignored."]


def test_a_table_as_it_was_read_is_taken_again() -> None:
    table = UpstreamSettings(kind="ollama", model="x")
    assert Settings(upstreams={"a": table}).upstreams["a"] is table
