"""Is the exported file the trained model? ``python -m training.parity --checkpoint … --file …``.

The same tokens as sentencepiece's, logits close to torch's, the same greedy text: through ctransformers,
and through llama.cpp where ``xllamacpp`` is installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fimble.engine.models.gguf import read_header
from fimble.engine.runtimes.base import Span
from fimble.engine.runtimes.ctransformers import CTransformers

from .checkpoint import CheckpointError, load, restore_model
from .corpus.shards import CorpusError
from .model import Model
from .tokenizer import EOS, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, Tokenizer

SAMPLES = (
    "def add(first, second):\n    return first + second\n",
    "class A:\n\tx = 'é😀'  # tab\r\n\n\n",
    "for (let i = 0; i < n; i++) {\n  total += items[i].price;\n}\n",
    "<fim_middle> is text here, and so is </s>",
)
TOLERANCE = {"f16": 0.02, "q8_0": 0.4, "q4_0": 4.0}
"""How far a logit may be off, by the file's type."""
GREEDY_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Parity:
    """What was compared; ``problems`` is empty when the file is the model."""

    largest_difference: float
    same_greedy_tokens: int
    problems: tuple[str, ...]


def compare(model: Model, tokenizer: Tokenizer, file: Path, quantisation: str) -> Parity:
    """Compare an exported file with the model that it came from."""
    exported = CTransformers(read_header(file), threads=1, context_length=512, batch=512)
    problems = [
        f"tokens of {text!r} differ" for text in SAMPLES if exported.tokenize(text) != tokenizer.encode(text)
    ]
    prompt = [FIM_SUFFIX, *tokenizer.encode("\nprint(add(1, 2))\n"), FIM_PREFIX]
    prompt += [*tokenizer.encode(SAMPLES[0][:40]), FIM_MIDDLE]
    exported.decode([Span(0, prompt, 0)])
    difference = float(abs(exported.logits(0) - torch_logits(model, prompt)).max())
    if difference > TOLERANCE[quantisation]:
        problems.append(f"logits differ by {difference:.3f}")
    ours = _greedy(prompt, lambda tokens: _evaluated(exported, tokens))
    theirs = _greedy(prompt, lambda tokens: torch_logits(model, tokens))
    same = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), len(theirs))
    if quantisation == "f16" and ours != theirs and not _tie(model, prompt + theirs[:same]):
        problems.append(f"greedy texts differ after {same} tokens")
    return Parity(difference, same, tuple(problems))


def _tie(model: Model, tokens: list[int]) -> bool:
    """Whether the two best tokens are nearer to each other than rounding may move them."""
    second, best = np.sort(torch_logits(model, tokens))[-2:]
    return bool(best - second < 2 * TOLERANCE["f16"])


def torch_logits(model: Model, tokens: Sequence[int]) -> NDArray[np.float32]:
    """Scores of the token after ``tokens``, in single precision."""
    with torch.no_grad():
        hidden = model(torch.tensor([list(tokens)]))
        logits: NDArray[np.float32] = model.logits(hidden[:, -1])[0].float().numpy()
    return logits


def _evaluated(exported: CTransformers, tokens: Sequence[int]) -> NDArray[np.float32]:
    exported.decode([Span(0, tokens, 0)])
    return exported.logits(0)


def _greedy(prompt: list[int], logits: Callable[[list[int]], NDArray[np.float32]]) -> list[int]:
    made: list[int] = []
    while len(made) < GREEDY_TOKENS and EOS not in made:
        made.append(int(logits(prompt + made).argmax()))
    return made


def main() -> int:
    parser = argparse.ArgumentParser(prog="training.parity", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--quantisation", choices=TOLERANCE, default="q8_0")
    arguments = parser.parse_args()
    try:
        model = restore_model(load(arguments.checkpoint))
        found = compare(model, Tokenizer(arguments.tokenizer), arguments.file, arguments.quantisation)
    except (CheckpointError, CorpusError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"largest difference of a logit {found.largest_difference:.4f}, ", end="")
    print(f"{found.same_greedy_tokens} greedy tokens the same")
    for problem in found.problems:
        print(f"problem: {problem}", file=sys.stderr)
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
