"""Finds a model's fill-in-the-middle format in its GGUF metadata.

The ids come from today's keys, then from the older ones, then from the token texts, where more
families are known than llama.cpp looks for. The key ``fimble.prompt.layout`` in a file has the last
word on the order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import NoFimTokens
from .families import END_TEXTS, FAMILIES, LAYOUTS, Control, Family

LAYOUT_KEY = "fimble.prompt.layout"
_KEYS: dict[Control, tuple[str, str]] = {
    "prefix": ("fim_pre_token_id", "prefix_token_id"),
    "suffix": ("fim_suf_token_id", "suffix_token_id"),
    "middle": ("fim_mid_token_id", "middle_token_id"),
    "file_sep": ("fim_sep_token_id", ""),
    "repo": ("fim_rep_token_id", ""),
}


_NAME_KEYS = ("name", "basename", "finetune")
_UNUSED = re.compile(r"<unused\d+>")
_BEGINS = frozenset(
    ["llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "tekken"]
)
"""Tokenizers, by ``tokenizer.ggml.pre``, that begin every text with a token of their own."""


@dataclass(frozen=True, slots=True)
class FimFormat:
    """A family with the ids its control tokens have in one model, and every id that ends a text."""

    family: Family
    ids: Mapping[Control, int]
    end_ids: frozenset[int]
    bos_id: int | None = None
    found_by: str = ""
    """How the ids were found, for people: "keys", "older keys" or "token texts"."""


def detect(metadata: Mapping[str, Any]) -> FimFormat:
    """The format of a model, or :class:`NoFimTokens`."""
    tokens = texts_of(metadata)
    places = {text: i for i, text in enumerate(tokens)}
    for how, ids in (
        ("keys", _from_keys(metadata, 0)),
        ("older keys", _from_keys(metadata, 1)),
    ):
        if "prefix" in ids and "suffix" in ids and all(_used(i, tokens) for i in ids.values()):
            family = _family_of_ids(ids, tokens, places, metadata)
            return _format(family, {**_from_texts(family, places), **ids}, metadata, tokens, how)
    for family in FAMILIES:
        ids = _from_texts(family, places)
        if len(ids) == len(family.tokens) and _named(family, metadata):
            return _format(family, ids, metadata, tokens, "token texts")
    raise NoFimTokens(
        "This model has no fill-in-the-middle tokens, so it cannot suggest code at a cursor. "
        "Choose one that has them, such as Qwen2.5-Coder, or `bundled`."
    )


def texts_of(metadata: Mapping[str, Any]) -> list[str]:
    """The texts of a model's tokens; none where the file has something else in their place."""
    tokens = metadata.get("tokenizer.ggml.tokens")
    return tokens if isinstance(tokens, list) and all(isinstance(text, str) for text in tokens) else []


def token_id(metadata: Mapping[str, Any], name: str, size: int) -> int | None:
    """The id of a special token such as ``bos``, if it is one of a vocabulary of ``size``."""
    value = metadata.get(f"tokenizer.ggml.{name}_token_id")
    return value if isinstance(value, int) and 0 <= value < size else None


def end_ids(metadata: Mapping[str, Any]) -> frozenset[int]:
    """Every token id that ends a generation, by the metadata and by known texts."""
    tokens = texts_of(metadata)
    declared = {token_id(metadata, name, len(tokens)) for name in ("eos", "eot", "fim_pad", "eom")}
    by_text = {i for i, text in enumerate(tokens) if text in END_TEXTS}
    return frozenset(by_text | {i for i in declared if i is not None})


def adds_bos(metadata: Mapping[str, Any], default: bool = False) -> bool:
    """Whether the model's own tokenizer begins every text with the token ``bos``; ``default`` holds where
    neither the file nor its kind of tokenizer says so."""
    kind = str(metadata.get("tokenizer.ggml.pre"))
    return bool(metadata.get("tokenizer.ggml.add_bos_token", default or kind in _BEGINS))


def _used(token: int, tokens: list[str]) -> bool:
    """Whether an id of the metadata is a token that was trained: converters give all models of some kinds
    the ids of those that know fill-in-the-middle."""
    return 0 <= token < len(tokens) and not _UNUSED.fullmatch(tokens[token])


def _from_keys(metadata: Mapping[str, Any], which: int) -> dict[Control, int]:
    found: dict[Control, int] = {}
    for control, names in _KEYS.items():
        value = metadata.get("tokenizer.ggml." + names[which]) if names[which] else None
        if isinstance(value, int):
            found[control] = value
    return found


def _from_texts(family: Family, places: Mapping[str, int]) -> dict[Control, int]:
    return {control: places[text] for control, text in family.tokens.items() if text in places}


def _family_of_ids(
    ids: Mapping[Control, int], tokens: list[str], places: Mapping[str, int], metadata: Mapping[str, Any]
) -> Family:
    """The family whose tokens have these texts; a model with texts of its own is asked prefix first."""
    texts = {control: tokens[i] for control, i in ids.items()}
    for family in FAMILIES:
        same = all(family.tokens.get(control) == text for control, text in texts.items())
        whole = all(text in places for text in family.tokens.values())
        if same and whole and _named(family, metadata):
            return family
    return Family("unknown", texts)


def _named(family: Family, metadata: Mapping[str, Any]) -> bool:
    """Whether a model may be of a family whose token texts others have too, going by its names."""
    own = " ".join(str(metadata.get(f"general.{key}", "")) for key in _NAME_KEYS).lower()
    parent = f"{metadata.get('general.architecture', '')} {metadata.get('general.base_model.0.name', '')}"
    lacks = not family.name_lacks or family.name_lacks not in own
    return family.name_has in f"{own} {parent.lower()}" and lacks


def _format(
    family: Family,
    ids: Mapping[Control, int],
    metadata: Mapping[str, Any],
    tokens: list[str],
    how: str,
) -> FimFormat:
    family = replace(
        family,
        layout=LAYOUTS.get(str(metadata.get(LAYOUT_KEY)), family.layout),
        sentence_space=family.sentence_space and metadata.get("tokenizer.ggml.model") != "gpt2",
    )
    ends = end_ids(metadata) | {i for i, text in enumerate(tokens) if text in family.stops}
    bos = token_id(metadata, "bos", len(tokens)) if adds_bos(metadata, family.bos) else None
    opening = [ids[step.control] for step in family.opening if step.control in ids]
    return FimFormat(
        family=family,
        ids=dict(ids),
        end_ids=ends | frozenset(ids.values()),
        bos_id=bos if bos not in opening[:1] else None,
        found_by=how,
    )
