"""Reads an answer as the backend does, without a socket."""

from __future__ import annotations

from typing import Any

from fimble.engine.types import Delta, Request
from fimble.engine.upstream_settings import UpstreamSettings
from fimble.engine.upstreams.base import Ask
from fimble.engine.upstreams.wires import wire_of


def ask_of(kind: Any, request: Request, **table: Any) -> Ask:
    """How an upstream of a kind is asked; ``table`` is what else settings say of it."""
    address = "http://upstream" if kind == "openai" else ""
    return wire_of(UpstreamSettings(kind=kind, **{"address": address} | table)).ask(request)


def read_all(ask: Ask, body: bytes) -> list[Delta]:
    """What a body brings, taken apart as :mod:`~fimble.engine.upstreams.framing` does."""
    made: list[Delta] = []
    for line in body.split(b"\n"):
        data = line.removeprefix(b"data:").strip() if ask.framing == "events" else line.strip()
        if not data or line.startswith(b":") or data == ask.done or ask.reader.enough:
            continue
        made += ask.reader.feed(data)
    return [*made, *ask.reader.end()]
