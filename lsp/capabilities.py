"""What the client can do, folded once into the few facts that matter here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from .copilot_client import introduces_itself

_READ = {
    "general": ("positionEncodings",),
    "textDocument": ("inlineCompletion",),
    "window": ("workDoneProgress",),
    "workspace": ("configuration",),
}


@dataclass(frozen=True, slots=True)
class ClientCapabilities:
    inline_completion: bool = False
    progress: bool = False
    configuration: bool = False
    """Whether options can be asked for (``workspace/configuration``)."""
    copilot: bool = False
    """Whether it was made for Copilot's server: it shows suggestions inline, and hears of the state in that
    server's words."""

    @classmethod
    def of(cls, sent: types.ClientCapabilities, options: object = None) -> ClientCapabilities:
        document, window, workspace = sent.text_document, sent.window, sent.workspace
        copilot = introduces_itself(options)
        return cls(
            inline_completion=copilot or bool(document and document.inline_completion),
            progress=bool(window and window.work_done_progress),
            configuration=bool(workspace and workspace.configuration),
            copilot=copilot,
        )


def relevant(params: Any) -> Any:
    """The parameters of ``initialize`` with the capabilities that are read, here and by pygls. An editor
    tells of hundreds more, each with a type that would be made only for that."""
    sent = params.get("capabilities") if isinstance(params, dict) else None
    if not isinstance(sent, dict):
        return params
    read = {area: _part(sent[area], names) for area, names in _READ.items() if area in sent}
    return {**params, "capabilities": read}


def _part(area: Any, names: tuple[str, ...]) -> Any:
    """What is no object stays, and is refused where types are checked."""
    return {name: area[name] for name in names if name in area} if isinstance(area, dict) else area
