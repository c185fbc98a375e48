"""What the client can do, folded once into the few facts that matter here, and what we can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .names import ACCEPTED, COMMANDS, EXTENSIONS
from .positions import Encoding, encoding_of
from .requests.fields import field_at

_INCREMENTAL = 2
"""Edits are sent, not whole documents."""


@dataclass(frozen=True, slots=True)
class ClientCapabilities:
    encoding: Encoding = "utf-16"
    inline_completion: bool = False
    progress: bool = False
    configuration: bool = False
    """Whether options can be asked for (``workspace/configuration``)."""

    @classmethod
    def of(cls, sent: object) -> ClientCapabilities:
        return cls(
            encoding=encoding_of(field_at(sent, "general", "positionEncodings")),
            inline_completion=field_at(sent, "textDocument", "inlineCompletion") is not None,
            progress=bool(field_at(sent, "window", "workDoneProgress")),
            configuration=bool(field_at(sent, "workspace", "configuration")),
        )


def server_capabilities(encoding: Encoding, menu: bool) -> dict[str, Any]:
    """What the client is told; with ``menu`` suggestions are offered in its completion menu too."""
    return {
        "positionEncoding": encoding,
        "textDocumentSync": {"openClose": True, "change": _INCREMENTAL, "save": False},
        **({"completionProvider": {}} if menu else {}),
        "inlineCompletionProvider": {},
        "executeCommandProvider": {"commands": [ACCEPTED, *COMMANDS]},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
        "experimental": {"fimble": EXTENSIONS},
    }
