"""What both of llama-server's endpoints ask of the engine beside their prompts."""

from __future__ import annotations

from ...call import Call
from ..fill import Wanted
from .schema import LlamaOptions


def wanted_of(call: Call, body: LlamaOptions, temperature: float, model: str | None = None) -> Wanted:
    """The options of a request; ``temperature`` is that of the endpoint, where none is given."""
    own_words = body.n_probs or body.return_tokens
    return Wanted(
        max_tokens=call.token_limit(None if body.n_predict < 0 else body.n_predict, None, "n_predict"),
        sampling=body.sampling(default=temperature),
        stop=body.stops(),
        generate_ms=body.t_max_predict_ms or None,
        logprobs=body.n_probs if own_words else None,
        grammar=body.engine_grammar(),
        model=model,
        slot=str(body.id_slot),
    )
