"""``textDocument/didFocus``: another document is looked at, so the status may be another one."""

from __future__ import annotations

from typing import Any

from ..session import Session


def did_focus(session: Session, params: Any) -> None:
    uri = getattr(getattr(params, "textDocument", None), "uri", None)
    session.focus_on(uri if isinstance(uri, str) else None)
