"""Clients that were made for Copilot's language server: how they introduce themselves, which of their
settings are options of ours, and in which words they hear of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .names import COPILOT_STATUS

if TYPE_CHECKING:
    from .status import Message, State

_INTRODUCTION = ("editorInfo", "editorPluginInfo")
_KINDS = {"off": "Inactive", "snoozed": "Inactive", "error": "Error"}
_BUSY = ("loading", "thinking")


def introduces_itself(options: object) -> bool:
    """Whether a client says in its ``initializationOptions`` which editor and which plugin it is."""
    return isinstance(options, dict) and all(isinstance(options.get(name), dict) for name in _INTRODUCTION)


def options_of(settings: dict[str, Any]) -> dict[str, Any]:
    """What of its settings is an option of ours: the languages without suggestions. The rest is about
    Copilot's own network, account and models."""
    sent = settings.get("disabledLanguages")
    entries = sent if isinstance(sent, list) else []
    named = [entry.get("languageId") for entry in entries if isinstance(entry, dict)]
    languages = [language for language in named if isinstance(language, str)]
    return {"disabledLanguages": languages} if languages else {}


def copilots_words(state: State) -> Message:
    """``didChangeStatus``. What is as it should be needs no message."""
    kind = _KINDS.get(state.kind, "Normal")
    told = "" if kind == "Normal" else " ".join(filter(None, (state.message, state.action)))
    return COPILOT_STATUS, {"busy": state.kind in _BUSY, "kind": kind, "message": told}
