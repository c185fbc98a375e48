"""Names on the wire: our commands, our notification, and Copilot's notifications that we understand."""

from __future__ import annotations

ACCEPTED = "fimble.accepted"
COMMANDS = (
    "fimble.toggle",
    "fimble.snooze",
    "fimble.status",
    "fimble.stats",
    "fimble.restart",
    "fimble.models",
    "fimble.model",
)
STATUS = "fimble/status"
DID_SHOW = "textDocument/didShowCompletion"
DID_PARTIALLY_ACCEPT = "textDocument/didPartiallyAcceptCompletion"
DID_FOCUS = "textDocument/didFocus"
EXTENSIONS = {
    "status": True,
    "didShowCompletion": True,
    "didPartiallyAcceptCompletion": True,
    "didFocus": True,
}
"""Told to clients under ``capabilities.experimental.fimble``."""
