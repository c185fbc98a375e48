"""Names on the wire: our commands, our notification, and what we understand of other servers' protocols."""

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

COPILOT_ACCEPTED = "github.copilot.didAcceptCompletionItem"
"""Some clients of Copilot's server run this one, whatever command an item has."""
COPILOT_STATUS = "didChangeStatus"
COPILOT_REQUESTS = (
    "signIn",
    "signInInitiate",
    "signInConfirm",
    "signOut",
    "checkStatus",
    "recordTelemetryConsent",
    "setEditorInfo",
    "getVersion",
    "telemetry/exception",
    "textDocument/copilotPanelCompletion",
    "textDocument/copilotInlineEdit",
    "getCompletions",
    "getCompletionsCycling",
    "getPanelCompletions",
    "notifyShown",
    "notifyAccepted",
    "notifyRejected",
)
LLM_LS_REQUESTS = ("llm-ls/getCompletions", "llm-ls/acceptCompletion", "llm-ls/rejectCompletion")
EXTENSION_REQUESTS = frozenset((*COPILOT_REQUESTS, *LLM_LS_REQUESTS))
"""Requests that the standard does not have. As notifications they are unknown."""
