"""What choosing one token costs, for a vocabulary of 32,000, by what is switched on."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fimble.engine.decode.grammar import GrammarCompiler
from fimble.engine.decode.logprobs import token_logprob
from fimble.engine.decode.sampler import Sampler
from fimble.engine.prompt.vocabulary import Vocabulary
from fimble.engine.types import Dry, Grammar, Sampling

from .tables import note, percentile, show

VOCABULARY = 32_000
PROMPT_TOKENS = 1_000
ROUNDS = 400
_END = 0
EVERYTHING = Sampling(0.8, 40, 0.95, 0.05, 1, 1.1, 0.2, 0.2, Dry(), ((5, 1.0), (6, -1.0)))
CHAINS = {
    "greedy": Sampling(),
    "temperature": Sampling(0.8, seed=1),
    "top-k 40": Sampling(0.8, top_k=40, seed=1),
    "top-p 0.95": Sampling(0.8, top_p=0.95, seed=1),
    "min-p 0.05": Sampling(0.8, min_p=0.05, seed=1),
    "greedy, repetition penalty": Sampling(repetition_penalty=1.1),
    "greedy, frequency and presence": Sampling(frequency_penalty=0.2, presence_penalty=0.2),
    "greedy, DRY": Sampling(dry=Dry()),
    "everything": EVERYTHING,
    "everything but top-k": Sampling(0.8, 0, 0.95, 0.05, 1, 1.1, 0.2, 0.2, Dry(), ((5, 1.0), (6, -1.0))),
}


def main() -> None:
    scores = np.random.default_rng(1).normal(0, 4, VOCABULARY).astype(np.float32)
    rows = [[name, *_figures(_chain(sampling, scores))] for name, sampling in CHAINS.items()]
    rows.append(["log-probabilities, top 5", *_figures(lambda: token_logprob(scores, 7, 5, _piece, 0))])
    rows.append(["a JSON grammar's mask", *_figures(_mask())])
    show(f"Choosing a token of {VOCABULARY:,} (µs)", ("", "p50", "p95"), rows)
    note(f"Random scores; {PROMPT_TOKENS:,} tokens of prompt; {ROUNDS} tokens each.")


def _piece(token: int) -> bytes:
    return b"%d " % token


def _chain(sampling: Sampling, scores: NDArray[np.float32]) -> Callable[[], object]:
    """One token more with each call, after a prompt that repeats itself."""
    random_tokens = random.Random(2)
    prompt = [random_tokens.randrange(VOCABULARY // 100) for _ in range(PROMPT_TOKENS // 2)] * 2
    sampler = Sampler(sampling, prompt, VOCABULARY, _piece)

    def step() -> None:
        sampler.accept(sampler.choose(scores))

    return step


def _mask() -> Callable[[], object]:
    """The mask inside a JSON object, as text of random printable tokens is written."""
    words = random.Random(3)
    letters = [bytes([code]) for code in range(1, 256)]
    longer = [bytes(words.choices(range(32, 127), k=words.randrange(2, 9))) for _ in range(VOCABULARY - 256)]
    pieces = [b"", *letters, *longer]
    vocabulary = Vocabulary(VOCABULARY, frozenset({_END}), eos_id=_END)
    compiler = GrammarCompiler(vocabulary, pieces.__getitem__, lambda text: list(text.encode()))
    schema = {"type": "object", "additionalProperties": {"type": "string"}}
    constraint = compiler.compile(Grammar("json_schema", json.dumps(schema)))

    def step() -> None:
        allowed = np.flatnonzero(constraint.allowed())
        constraint.accept(int(words.choice(allowed[allowed != _END])))

    return step


def _figures(step: Callable[[], object]) -> tuple[float, float]:
    """Microseconds of a call: the median and the 95th percentile."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        step()
        times.append((time.perf_counter() - began) * 1e6)
    return percentile(times, 0.5), percentile(times, 0.95)


if __name__ == "__main__":
    main()
