"""What this machine could run: the bundled model is measured, and the catalogue's are estimated from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from fimble.engine.engine import Engine
from fimble.engine.limits import COLD_SECONDS
from fimble.engine.models.catalogue import BUNDLED, Entry, bundled_path, catalogue
from fimble.engine.models.gguf import Header, read_header
from fimble.engine.prompt.window import LEAST_WINDOW
from fimble.engine.runtimes.memory import free_bytes
from fimble.engine.settings import Settings
from fimble.engine.types import Completion, FimRequest

LIMIT_MS = round(1000 * COLD_SECONDS)
PROMPT_TOKENS, ANSWER_TOKENS = LEAST_WINDOW, 12
"""The suggestion that is estimated: the smallest window is read for it, and a line is written."""
_RUNS, _LINES, _WRITTEN = 3, 60, 32


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second of a model whose layers have ``layers`` parameters, and ``weights`` with its head.

    Each token that is read goes through the layers, each that is written through the head as well; a table
    of embeddings costs nothing.
    """

    read: float
    written: float
    layers: int
    weights: int

    def estimate_ms(self, parameters: float) -> float:
        """A cold suggestion of a model with so many parameters, all of which are taken to cost time."""
        reading = PROMPT_TOKENS * parameters / (self.read * self.layers)
        writing = ANSWER_TOKENS * parameters / (self.written * self.weights)
        return 1000 * (reading + writing)


async def measure(settings: Settings) -> Speed:
    """The bundled model's speed with the user's threads and GPU: the best of three tries, since other
    programs only slow it down. Raises :class:`FimbleError`."""
    own = {"engine": "local", "model": BUNDLED, "models": {}, "rules": (), "workers": 1}
    engine = Engine(settings.model_copy(update=own))
    try:
        made = [await engine.complete(_request(number)) for number in range(_RUNS)]
    finally:
        await engine.close()
    layers, weights = _sizes(read_header(bundled_path()))
    return Speed(max(map(_read_a_second, made)), max(map(_written_a_second, made)), layers, weights)


def largest(speed: Speed, free: int) -> Entry | None:
    """The largest model of the catalogue that answers in time and fits ``free`` bytes of memory."""
    fit = [entry for entry in catalogue() if _memory(entry) < free]
    quick = [entry for entry in fit if speed.estimate_ms(entry.parameters * 1e9) < LIMIT_MS]
    return quick[-1] if quick else None


def _memory(entry: Entry) -> float:
    """Bytes; where the file's size is not known, as if it had 8 bits a parameter and a bit more."""
    return entry.memory or 1.2e9 * entry.parameters


def report(speed: Speed) -> tuple[str, str]:
    """What was measured and what follows from it, and what to do."""
    found = largest(speed, free_bytes())
    shown = [found] if found else []
    shown += [entry for entry in catalogue() if not found or entry.parameters > found.parameters][:1]
    times = ", ".join(f"{entry.name} {speed.estimate_ms(entry.parameters * 1e9):,.0f} ms" for entry in shown)
    detail = (
        f"the bundled model ({speed.layers / 1e6:.1f} million parameters in its layers) reads "
        f"{speed.read:,.0f} and writes {speed.written:,.0f} tokens a second; estimated from that, a cold "
        f"suggestion ({PROMPT_TOKENS} tokens read, {ANSWER_TOKENS} written) takes: {times}"
    )
    if found is None:
        return detail, (
            "The bundled model is the one for this machine: none of the catalogue stays under "
            f"{LIMIT_MS} ms. A larger one can answer from a server (`engine`)."
        )
    return detail, (
        f"{found.name} is the largest of the catalogue that stays under {LIMIT_MS} ms: "
        f"`fimble models pull {found.name}`, then `fimble doctor -m {found.name}` measures it."
    )


def _request(number: int) -> FimRequest:
    """A place that no other try has seen, so that nothing of it is remembered."""
    lines = (f"def f{number}_{n}(value, other):\n    return value * {n} + other\n\n\n" for n in range(_LINES))
    prefix = "".join(lines) + f"def last_{number}(value, other):\n    "
    return FimRequest(prefix, "\n", "python", "a.py", mode="block", max_tokens=_WRITTEN, trim=False)


def _read_a_second(made: Completion) -> float:
    tokens = made.usage.prompt_tokens - made.usage.cached_tokens
    return tokens / max(made.timings.prompt_ms, 0.001) * 1000


def _written_a_second(made: Completion) -> float:
    return made.usage.completion_tokens / max(made.timings.generate_ms, 0.001) * 1000


def _sizes(header: Header) -> tuple[int, int]:
    """Parameters of the layers, and of everything that a written token goes through."""
    sizes = {tensor.name: prod(tensor.shape) for tensor in header.tensors}
    layers = sum(size for name, size in sizes.items() if name.startswith("blk."))
    head = sizes.get("output.weight") or sizes.get("token_embd.weight", 0)
    return layers, layers + head
