"""What the client can do, folded once into the few facts that matter here."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class ClientCapabilities:
    inline_completion: bool = False
    progress: bool = False
    configuration: bool = False
    """Whether options can be asked for (``workspace/configuration``)."""

    @classmethod
    def of(cls, sent: types.ClientCapabilities) -> ClientCapabilities:
        document, window, workspace = sent.text_document, sent.window, sent.workspace
        return cls(
            inline_completion=bool(document and document.inline_completion),
            progress=bool(window and window.work_done_progress),
            configuration=bool(workspace and workspace.configuration),
        )
