"""Which family of :mod:`~...prompt.families` an upstream's model is of, going by its name."""

from __future__ import annotations

from ...errors import SettingsError
from ...prompt.families import FAMILIES, Family

_NAMES: tuple[tuple[str, str], ...] = (
    ("fimble", "fimble"),
    ("mellum", "mellum"),
    ("codeqwen", "codeqwen"),
    ("qwen", "qwen"),
    ("starcoder2", "starcoder2"),
    ("santacoder", "santacoder"),
    ("starcoder", "starcoder"),
    ("stable-code", "starcoder"),
    ("refact", "starcoder"),
    ("granite-code", "starcoder"),
    ("code-base", "starcoder"),
    ("code-instruct", "starcoder"),
    ("codegemma", "codegemma"),
    ("codellama", "codellama"),
    ("code-llama", "codellama"),
    ("deepseek", "deepseek"),
    ("codestral", "codestral"),
    ("seed-coder", "seed-coder"),
    ("codegeex", "codegeex"),
    ("glm", "glm"),
    ("falcon-h1", "falcon-h1"),
)
"""Part of a model's name, and its family; the first that fits counts. IBM's first code models
(granite-8b-code-base) have StarCoder's tokenizer, later ones tokens of their own."""


def family_named(name: str, setting: str = "`family`") -> Family:
    """The family that settings name, or :class:`~...errors.SettingsError`."""
    found = [family for family in FAMILIES if family.name == name]
    if not found:
        known = ", ".join(dict.fromkeys(family.name for family in FAMILIES))
        raise SettingsError(f"{setting} is {name!r}; it should be one of: {known}.")
    return found[-1]  # of CodeLlama's two spellings the one that its tokenizer reads in text


def family_of_model(model: str) -> Family | None:
    """The family of a model with such a name; None where none is known."""
    name = model.lower()
    if "granite" in name and "code" not in name:
        return family_named("granite" if "base" in name else "granite-chat")
    found = next((family for part, family in _NAMES if part in name), None)
    return family_named(found) if found else None
