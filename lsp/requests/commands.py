"""``workspace/executeCommand``: what an editor's own commands and menus ask the server to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from fimble.engine.errors import FimbleError

from .. import limits
from ..session import Session

Command = Callable[[Session, dict[str, Any]], dict[str, Any]]
SlowCommand = Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]]


def toggle(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """``{language?, enabled?}``: switch suggestions; answers the new state."""
    language, wanted = arguments.get("language"), arguments.get("enabled")
    if wanted is not None and not isinstance(wanted, bool):
        raise JsonRpcInvalidParams("`enabled` should be true or false.")
    enabled = session.switches.toggle(_text("language", language), wanted)
    session.show_switches()
    session.start()
    return {"enabled": enabled}


def snooze(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """``{minutes}``: no suggestions for a while; 0 wakes up. Answers the seconds that it lasts, and until
    when (ISO 8601; empty when awake)."""
    minutes = arguments.get("minutes", 5)
    number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not number or not 0 <= minutes <= limits.SNOOZE_MINUTES:
        raise JsonRpcInvalidParams(f"`minutes` should be a number from 0 to {limits.SNOOZE_MINUTES:,}.")
    until = session.switches.snooze(float(minutes))
    session.show_switches()
    if until is None:
        return {"seconds": 0, "until": ""}
    session.tasks.call_later(60 * minutes + 0.1, lambda: _wake(session))
    return {"seconds": 60 * minutes, "until": until.isoformat(timespec="seconds")}


def status(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """The state that ``fimble/status`` tells of, on demand."""
    return session.status.now.to_wire()


def stats(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """What happened in this session."""
    return session.counters.to_wire()


def restart(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """Make a new engine, with settings read again."""
    session.restart()
    session.start()
    return {}


async def models(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """The model in use; ``selectable``, the names of those that can be chosen; and ``offered``, these and the
    ones that can be had with ``fimble models pull NAME``, each as ``{name, here, detail}``."""
    choices = await asyncio.to_thread(session.engine.choices)  # looks at the disk
    answer: dict[str, Any] = {
        "selectable": [row.name for row in choices if row.path],
        "offered": [{"name": row.name, "here": bool(row.path), "detail": row.detail} for row in choices],
    }
    engine, status = session.engine.running, session.status.now
    if engine is None and status.kind == "error":
        answer["error"] = status.message
    try:
        found = await engine.models() if engine is not None else []
    except FimbleError as error:
        return {"models": [], "error": error.message, **answer}
    listed = [{"id": m.id, "backend": m.backend, "contextWindow": m.context_window} for m in found]
    return {"models": listed, **answer}


async def model(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """``{name}``: use another model for this session; answers as ``models`` does."""
    if name := _text("name", arguments.get("name")):
        session.choose_model(name)
        await session.engine.load()
    return await models(session, arguments)


_COMMANDS: dict[str, Command] = {
    "fimble.toggle": toggle,
    "fimble.snooze": snooze,
    "fimble.status": status,
    "fimble.stats": stats,
    "fimble.restart": restart,
}
_SLOW_COMMANDS: dict[str, SlowCommand] = {"fimble.models": models, "fimble.model": model}


async def run_command(session: Session, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Run a command; all of them take one object, or nothing, and answer an object."""
    sent = arguments[0] if arguments and arguments[0] is not None else {}
    if not isinstance(sent, dict):
        raise JsonRpcInvalidParams(f"`{name}` takes one object.")
    if name in _SLOW_COMMANDS:
        return await _SLOW_COMMANDS[name](session, sent)
    return _COMMANDS[name](session, sent)


def _text(name: str, value: object) -> str | None:
    """An argument that should be text, or is left out."""
    if value is None or (isinstance(value, str) and len(value) <= limits.ARGUMENT_CHARACTERS):
        return value
    raise JsonRpcInvalidParams(
        f"`{name}` should be text of at most {limits.ARGUMENT_CHARACTERS:,} characters."
    )


def _wake(session: Session) -> None:
    """A snooze has ended."""
    session.show_switches()
    session.start()
