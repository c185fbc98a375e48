"""What the documentation says of upstreams: its examples are read without a complaint, and every key is told
as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fimble.engine.settings import Settings, load_settings
from fimble.engine.upstream_settings import USUAL_ADDRESSES, UpstreamSettings
from fimble.server.schema.chat import Annotation, ChatCompletionsRequest

DOCS = Path(__file__).parents[2] / "docs"
SECTION = (
    (DOCS / "models.md")
    .read_text("utf-8")
    .partition("## Servers of others (upstreams)")[2]
    .partition("\n## ")[0]
)
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def read(text: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    path.write_text(text)
    monkeypatch.setenv("FIMBLE_CONFIG", str(path))
    settings, problems = load_settings(environment={})
    assert problems == []
    return settings


def test_examples_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = EXAMPLES
    settings = read(f"{first}\n{second}", tmp_path / "config.toml", monkeypatch)
    assert list(settings.upstreams_of("team")) == ["attic", "cellar", "codestral"]
    assert settings.for_model("team").model == "bundled"
    used = {name for table in settings.models.values() for name in table.upstreams}
    assert used == set(settings.upstreams)


def test_every_key_is_told_as_it_is() -> None:
    for name, field in UpstreamSettings.model_fields.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        shown = "–" if default in (None, "") else f"`{default}`"
        start = f"| `{name}` | {'' if field.is_required() else shown + ' '}| {field.description}"
        assert start in SECTION, start


def test_every_kind_and_its_address_is_there() -> None:
    for kind, address in USUAL_ADDRESSES.items():
        assert f"`{kind}`" in SECTION
        assert (address.rpartition(":")[2] if "127.0.0.1" in address else address) in SECTION or kind == "ray"


def test_examples_over_http_are_right() -> None:
    text = (DOCS / "http-api.md").read_text("utf-8")
    request, annotation = re.findall(r"^```jsonc\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    sent = ChatCompletionsRequest.model_validate(json.loads(request))
    assert set(json.loads(request)) == sent.model_fields_set
    Annotation.model_validate(json.loads(annotation))
