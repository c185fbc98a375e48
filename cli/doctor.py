"""``fimble doctor``: what is installed, which model is used, whether it answers, and what to do if not."""

from __future__ import annotations

import asyncio
import json
import platform
import time
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fimble.engine.engine import DEFAULT, Engine
from fimble.engine.errors import FimbleError, NoFimTokens
from fimble.engine.memory.folders import held
from fimble.engine.models.catalogue import resolve_model
from fimble.engine.models.gguf import Header, read_header
from fimble.engine.prompt.detect import detect
from fimble.engine.serving import Serving
from fimble.engine.settings import Settings, config_file, load_settings
from fimble.engine.syntax.languages import LANGUAGES, grammar
from fimble.engine.types import Completion, FimRequest, ModelInfo
from fimble.lsp.engine_life import DEFAULTS

from .check import Check
from .doctor_upstreams import upstreams

PACKAGES = ("pygls", "lsprotocol", "ctransformers", "tree-sitter", "aiohttp", "numpy")
_PREFIX = "class Point:\n    def __init__(self, x, y):\n        self.x = x\n        self.y ="
_SUFFIX, _RIGHT = "\n\n\norigin = Point(0, 0)\n", "y"


def run(flags: dict[str, Any], as_json: bool) -> None:
    checks = asyncio.run(examine(flags))
    if as_json:
        print(json.dumps({"checks": [asdict(check) for check in checks]}, indent=1))
    else:
        _print(checks)
    if any(check.result == "error" for check in checks):
        raise SystemExit(1)


async def examine(flags: dict[str, Any]) -> list[Check]:
    """All checks, in the order in which things are needed."""
    settings, problems = load_settings(flags, defaults=DEFAULTS)
    checks = [_versions(), _grammars(), _settings(problems)]
    if not settings.asks_others:
        if file := settings.for_model(settings.model).model:
            checks += _model_file(file)
        named = [name for name in settings.names if name in settings.models or name != settings.model]
        checks += [_further_model(settings, name) for name in named if settings.for_model(name).model]
    checks += await upstreams(settings)
    if not any(check.result == "error" for check in checks):
        # what an editor would use is examined, but no fall-back hides a server that is away
        checks += await _self_test(settings.model_copy(update={"fallback": False}))
    if not settings.asks_others:
        checks += [_memory(settings), *await _machine(settings)]
    return checks


async def _machine(settings: Settings) -> list[Check]:
    """What else could run here; nothing where the bundled model does not, which is told elsewhere."""
    from .doctor_speed import measure, report

    try:
        detail, advice = report(await measure(settings))
    except FimbleError:
        return []
    return [Check("machine", "ok", detail, advice)]


def _memory(settings: Settings) -> Check:
    """What is remembered of this person's projects."""
    if not settings.memory:
        return Check("memory", "ok", "off: nothing is remembered of projects")
    projects, size, root = held()
    return Check(
        "memory", "ok", f"{projects} project{'' if projects == 1 else 's'}, {size / 1e6:.0f} MB in {root}"
    )


def _versions() -> Check:
    found = [f"fimble {version('fimble')}", f"Python {platform.python_version()}"]
    missing = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", "error", f"missing: {', '.join(missing)}", "Install fimble again with pip.")
    return Check("packages", "ok", ", ".join(found))


def _grammars() -> Check:
    broken = []
    for spec in LANGUAGES:
        try:
            grammar(spec)
        except (ImportError, AttributeError, ValueError):
            broken.append(spec.id)
    if broken:
        return Check("grammars", "warning", f"missing: {', '.join(broken)}", "Install fimble again with pip.")
    return Check("grammars", "ok", f"{len(LANGUAGES)} languages")


def _settings(problems: list[str]) -> Check:
    path = config_file()
    where = str(path) if path.exists() else f"defaults (there is no {path})"
    if problems:
        return Check("settings", "warning", " ".join(problems), "Correct it there.")
    return Check("settings", "ok", where)


def _model_file(model: str) -> list[Check]:
    try:
        header, described = _described(model)
        checks = [Check("model", "ok", described)]
        form = detect(header.metadata)
    except FimbleError as error:
        return [
            Check(
                "model", "error", error.message, "Set `model` to `bundled` to use the one that comes along."
            )
        ]
    ids = ", ".join(f"{control} {token}" for control, token in form.ids.items())
    return [*checks, Check("FIM tokens", "ok", f"{form.family.name} format by {form.found_by}: {ids}")]


def _described(model: str) -> tuple[Header, str]:
    """A model's header, and what a line says of its file."""
    name, path = resolve_model(model)
    header = read_header(path)
    size = f"{path.stat().st_size / 1e6:.0f} MB, context {header.number('context_length')}"
    return header, f"{name}: {header.architecture}, {size}, {path}"


def _further_model(settings: Settings, name: str) -> Check:
    """One that has a table of its own, or that a rule names. It is not loaded, and no harm to the others."""
    title = f"model {name}"
    try:
        header, described = _described(settings.for_model(name).model)
        return Check(title, "ok", f"{described}, {detect(header.metadata).family.name} format")
    except NoFimTokens as error:
        return Check(title, "warning", error.message, "It answers in chats, and suggests nothing.")
    except FimbleError as error:
        where = f"`[models.{name}]`" if name in settings.models else "the rule that names it"
        return Check(title, "warning", error.message, f"Correct {where}, or remove it.")


async def _self_test(settings: Settings) -> list[Check]:
    """Fill one hole twice: the first time with the model's start, the second as while typing."""
    request = FimRequest(
        _PREFIX, _SUFFIX, "python", "point.py", mode="line", document="doctor", model=DEFAULT
    )
    engine = Engine(settings)
    try:
        began = time.perf_counter()
        await engine.complete(request)
        first = time.perf_counter()
        made = await engine.complete(replace(request, prefix=_PREFIX + " "))
        second, serving, info = time.perf_counter(), engine.serving, await engine.load()
    except FimbleError as error:
        return [Check("self-test", "error", error.message, _advice(settings))]
    finally:
        await engine.close()
    return [
        _engine(serving),
        *_runtime(info),
        _judge(made),
        _speed((first - began) * 1000, (second - first) * 1000),
    ]


def _engine(serving: Serving) -> Check:
    """The engine that answers an editor with these settings."""
    if serving.why:
        advice = "Mend that, or set `engine` to `local`, so that each editor runs a model of its own."
        return Check("engine", "warning", f"{serving}: {serving.why}", advice)
    return Check("engine", "ok", "shared by all editors" if serving.engine == "shared" else str(serving))


def _runtime(info: ModelInfo) -> list[Check]:
    """What runs the model on this machine, and how much it keeps at hand."""
    if not info.cache_tokens:
        return []
    detail = (
        f"{info.backend}: {info.detail}; {info.sequences} places in code of {info.context_window:,} tokens"
    )
    if "not by llama.cpp" in info.detail:
        return [Check("runtime", "warning", detail, "Only one place is kept at hand, and older models run.")]
    return [Check("runtime", "ok", detail)]


def _judge(made: Completion) -> Check:
    detail = f"`self.y = ` is completed with {made.text!r}"
    if made.text.startswith(_RIGHT):
        return Check("self-test", "ok", detail)
    return Check(
        "self-test", "warning", detail, "The model answers, but poorly; a larger one will do better."
    )


def _speed(first_ms: float, warm_ms: float) -> Check:
    detail = f"first answer {first_ms:.0f} ms with the start, then {warm_ms:.0f} ms"
    if warm_ms > 500:
        return Check("speed", "warning", detail, "Choose a smaller model, or set `threads` to your cores.")
    return Check("speed", "ok", detail)


def _advice(settings: Settings) -> str:
    if settings.engine.startswith("http"):
        return f"Check that {settings.engine} is running and that `key` is right."
    return "Set `model` to `bundled` to use the one that comes along."


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table

    marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "error": "[red]✗[/]"}
    table = Table(show_header=False, box=None, padding=(0, 1))
    for check in checks:
        table.add_row(marks[check.result], f"[bold]{check.name}[/]", _escaped(check.detail))
        if check.advice:
            table.add_row("", "", f"→ {_escaped(check.advice)}")
    Console().print(table)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
