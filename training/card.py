"""The model card that is shipped with the weights."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from .model import Shape

_TEXT = """\
# fimble's bundled model

A small fill-in-the-middle model for code, trained from scratch by `training/` in this project, so that
fimble works on a fresh machine with nothing to download.

| | |
|---|---|
| architecture | llama: {width} wide, {layers} layers, {heads} heads ({kv_heads} for keys and values), \
{feed_forward} feed-forward |
| parameters | {parameters:.1f} M (embedding tied) |
| file | GGUF Q8_0, {megabytes:.1f} MB |
| vocabulary | {vocabulary} pieces, byte-fallback BPE |
| context | {context} positions, trained on up to 1,024 |
| training | {tokens:.0f} M tokens, {hours:.1f} h of steps on 2 cores |
| licence | Apache-2.0 |

## Prompt

`<file_sep>path⏎ … <fim_suffix>` lines below the cursor `<fim_prefix>` text up to it `<fim_suffix>` rest of
its line `<fim_middle>`, and the model writes what is missing and `</s>`. The second `<fim_suffix>` part is
left out when nothing is left of the line. The ids are in the file's metadata, and so is the layout, under
`fimble.prompt.layout`. Suffix-first and prefix-first prompts were a tenth of the training each.

## Data

{packages} packages of permissively licensed source code ({megatext:.0f} MB of text), each with the licence
that its metadata or licence file declares; generated, minified, data-like and secret-bearing files and
near-duplicates were left out. Packages are split, not files: what is evaluated was never trained on.

| language | MB |
|---|---:|
{languages}

| licence | packages |
|---|---:|
{licences}

## Results

Exact match at ends of lines in Python {end_of_line_exact:.1%}; characters saved over all kinds of holes
{saved:.1%}; HumanEval-Infilling (single line) pass@1 {humaneval_pass:.1%}. The whole table, with baselines:
`training/RESULTS.md`.

## Limits

It is small and was trained for hours, not months. It knows common Python idioms, ends lines well that have
a pattern nearby, and writes plausible nonsense where knowledge would be needed. Other languages got a
third of the training. Text in comments is English at best. It is no chat model. For better suggestions
point fimble at a larger model; the README says how.
"""


def write_card(
    path: Path, state: dict[str, Any], manifest: dict[str, Any], figures: dict[str, float], size: int
) -> None:
    """Fill the card from a checkpoint, the corpus' manifest and the evaluation's main figures."""
    shape = Shape(**state["shape"])
    trained = [row for row in manifest["packages"] if row["split"] == "train"]
    text = _TEXT.format(
        **state["shape"],
        **figures,
        parameters=shape.parameters / 1e6,
        megabytes=size / 1e6,
        tokens=state["progress"]["tokens"] / 1e6,
        hours=state["progress"]["seconds"] / 3600,
        packages=len(trained),
        megatext=sum(row["bytes"] for row in trained) / 1e6,
        languages=_languages(manifest["bytes"]),
        licences=_licences(trained),
    )
    path.write_text(text, "utf-8")


def _languages(sizes: dict[str, int]) -> str:
    rows = [(size, name.split("/")[1]) for name, size in sizes.items() if name.startswith("train/")]
    return "\n".join(f"| {name} | {size / 1e6:.1f} |" for size, name in sorted(rows, reverse=True))


def _licences(packages: list[dict[str, Any]]) -> str:
    counted = Counter(row["licence"] for row in packages)
    return "\n".join(f"| {name} | {count} |" for name, count in counted.most_common())
