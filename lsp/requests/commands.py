"""``workspace/executeCommand``: what an editor's own commands and menus ask the server to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fimble.engine.errors import FimbleError

from ..session import Session

Command = Callable[[Session, dict[str, Any]], dict[str, Any]]
SlowCommand = Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]]


def toggle(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """``{language?, enabled?}``: switch suggestions; answers the new state."""
    language, wanted = arguments.get("language"), arguments.get("enabled")
    enabled = session.control.toggle(
        language if isinstance(language, str) else None, wanted if isinstance(wanted, bool) else None
    )
    session.show_switches()
    session.start()
    return {"enabled": enabled}


def snooze(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """``{minutes}``: no suggestions for a while; 0 wakes up. Answers the seconds that it lasts."""
    minutes = arguments.get("minutes", 5)
    seconds = session.control.snooze(float(minutes) if isinstance(minutes, int | float) else 5.0)
    session.show_switches()
    if seconds:
        session.call_later(seconds + 0.1, session.show_switches)
    return {"seconds": seconds}


def status(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """The state that ``fimble/status`` tells of, on demand."""
    return session.status.now.to_wire()


def stats(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """What happened in this session."""
    return session.counters.to_wire()


def restart(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """Make a new engine, with settings read again."""
    session.engine.restart()
    session.start()
    return {}


async def models(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """The model in use and those that can be chosen."""
    engine = session.engine.running
    try:
        found = await engine.models() if engine is not None else []
    except FimbleError as error:
        return {"models": [], "error": error.message}
    listed = [{"id": m.id, "backend": m.backend, "contextWindow": m.context_window} for m in found]
    return {"models": listed, "selectable": session.engine.selectable()}


async def model(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """``{name}``: use another model for this session; answers as ``models`` does."""
    name = arguments.get("name")
    if isinstance(name, str) and name:
        session.engine.choose_model(name)
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
    sent = dict(arguments[0]) if arguments and isinstance(arguments[0], dict) else {}
    if name in _SLOW_COMMANDS:
        return await _SLOW_COMMANDS[name](session, sent)
    return _COMMANDS[name](session, sent)
