"""Writes the extension's settings from the server's own options, so that they are declared once.

``python scripts/settings.py`` rewrites ``contributes.configuration`` in package.json and the table in
README.md; with ``--check`` it writes nothing and fails when something would change.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel

from fimble.engine.settings import Settings
from fimble.lsp.engine_life import DEFAULTS
from fimble.lsp.options import Options

HERE = Path(__file__).parents[1]
START, END = "<!-- settings: written by scripts/settings.py -->", "<!-- end of settings -->"

OWN: dict[str, dict[str, Any]] = {
    "path": {
        "type": "string",
        "default": "",
        "scope": "machine-overridable",
        "description": "The `fimble` program; empty: the one on PATH, or what this extension installed",
    },
    "python": {
        "type": "string",
        "default": "",
        "scope": "machine-overridable",
        "description": "The Python to install the server with; empty: the first one that is new enough",
    },
    "trace.server": {
        "type": "string",
        "enum": ["off", "messages", "verbose"],
        "default": "off",
        "scope": "window",
        "description": "Write messages between editor and server to the log; `verbose` includes your code",
    },
}
"""What only the extension knows; everything else is the server's."""

TABLES = {"models", "rules", "memoryFolders"}
"""For the settings file: too much for a form."""

SECRET = {"key"}
"""Never a setting: the key lives in the editor's secret storage."""

WINDOW = {"engine", "fallback", "timeout_ms", "eagerness", "comments", "memory"}
"""Engine settings that mean the same on every machine; the others depend on where the model runs."""


CHOICES = {
    "eagerness": {
        "subtle": "Rarely, and nearly always right",
        "balanced": "When it is likely to be right",
        "eager": "Often, and sometimes wrong",
    },
    "comments": {
        "off": "Never in comments and strings",
        "on": "As in code",
        "manual": "Only when asked for by hand",
    },
}
"""What the values of a setting mean, for the editor's lists."""


def configuration() -> dict[str, dict[str, Any]]:
    """Every setting of the extension by its full name."""
    found = dict(OWN)
    for name, schema in fields(Options):
        found[name] = {**schema, "scope": "window"}
    for name, schema in fields(Settings):
        shared = name in {to_camel(each) for each in WINDOW}
        default = DEFAULTS.get(name, schema["default"])  # what editors get unless somebody says otherwise
        scope = "window" if shared else "machine-overridable"
        meanings = {"enumDescriptions": [*CHOICES[name].values()]} if name in CHOICES else {}
        found[name] = {**schema, **meanings, "default": default, "scope": scope}
    return {f"fimble.{name}": entry(order, each) for order, (name, each) in enumerate(found.items())}


def fields(model: type[Options] | type[Settings]) -> list[tuple[str, dict[str, Any]]]:
    """Camel-case names and JSON schemas of a model's fields."""
    schemas = model.model_json_schema()["properties"]
    named = {to_camel(name): schemas.get(name) or schemas[to_camel(name)] for name in model.model_fields}
    return [(name, schema) for name, schema in named.items() if name not in SECRET | TABLES]


def entry(order: int, schema: dict[str, Any]) -> dict[str, Any]:
    """A field's JSON schema as package.json has it."""
    kept = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    return {"order": order, **kept, "markdownDescription": schema["description"] + "."}


def with_settings(package: str) -> str:
    """package.json with the settings in their place; the rest as it was."""
    parsed = json.loads(package)
    parsed["contributes"]["configuration"] = {"title": "fimble", "properties": configuration()}
    limited = parsed["capabilities"]["untrustedWorkspaces"]
    limited["restrictedConfigurations"] = restricted()
    return json.dumps(parsed, indent=2, ensure_ascii=False) + "\n"


def restricted() -> list[str]:
    """Settings that a folder may bring along only once the user trusts it: they choose what runs."""
    names = ["path", "python", *(to_camel(name) for name in Settings.model_fields if name not in SECRET)]
    return [f"fimble.{name}" for name in names]


def with_table(readme: str) -> str:
    """README.md with the table of settings between its marks."""
    rows = [
        f"| `{name}` | `{json.dumps(each['default'])}` | {each['markdownDescription']} |"
        for name, each in configuration().items()
    ]
    table = "\n".join(["| Setting | Default | Meaning |", "| --- | --- | --- |", *rows])
    before, _, rest = readme.partition(START)
    after = rest.partition(END)[2]
    return f"{before}{START}\n\n{table}\n\n{END}{after}"


def main() -> int:
    stale = []
    for name, update in {"package.json": with_settings, "README.md": with_table}.items():
        path = HERE / name
        now = path.read_text("utf-8")
        if (wanted := update(now)) != now:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(wanted, "utf-8")
    if "--check" in sys.argv and stale:
        print(f"Out of date: {', '.join(stale)}. Run `python editors/vscode/scripts/settings.py`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
