"""Settings from a file, in an environment whose variables of the same names as tables mean nothing."""

from __future__ import annotations

from pathlib import Path

from fimble.engine.settings import Settings, load_settings

ENVIRONMENT = {"FIMBLE_MODELS": "/srv/models", "FIMBLE_RULES": "none", "FIMBLE_UPSTREAMS": "none"}


def load(config: Path, text: str) -> tuple[Settings, list[str]]:
    """The settings of a file; the problems with its name left out."""
    config.write_text(text)
    settings, problems = load_settings({}, ENVIRONMENT)
    return settings, [problem.replace(str(config), "FILE") for problem in problems]
