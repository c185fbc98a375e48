"""``POST /api/generate``: fill in at a cursor, continue a prompt, or answer it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from fimble.engine.prompt.code_chat import as_comment
from fimble.engine.prompt.sentinels import Hole
from fimble.engine.syntax.guess import GUESSED_FROM, guess
from fimble.engine.types import ChatRequest, Delta, FimRequest, Message, ModelInfo, TextRequest, ToolCall

from ...call import Call
from ...endpoint import Answer, Endpoint
from ...errors import lacking, unsupported
from ..fill import Wanted, continuing, prompted, request_of
from .answering import TEMPERATURE, answered, loaded
from .dialect import OLLAMA
from .names import known
from .results import OllamaGenerated, generated
from .schema import OllamaGenerateRequest


async def ollama_generate(call: Call, body: OllamaGenerateRequest) -> Answer:
    body.check()
    name = await known(call, body.model)
    if not body.prompt and not body.suffix:
        model = await call.model(name)
        return await loaded(call, body, name, generated(model.id, ""))
    asked = _asked(call, body, name)
    if isinstance(asked, FimRequest):
        model = await call.model(name or call.engine.model_for(asked))
        if not model.supports_fim:
            raise unsupported("model", f'"{model.id}" does not support insert')
        return await _answered(call, body, model, continuing(call, model, asked))
    model = await call.model(name)
    if model.supports_chat and not body.as_it_is:
        if call.key is not None and "chat" not in call.key.scopes:
            raise lacking(
                "This key lacks the scope `chat` that an answer needs. Send `raw` for a continuation."
            )
        chat = call.engine.stream_chat(_conversation(body, asked))
        return await _answered(call, body, model, call.metered(model, chat))
    return await _answered(call, body, model, continuing(call, model, _instructed(body, asked)))


def _asked(call: Call, body: OllamaGenerateRequest, name: str) -> TextRequest | FimRequest:
    """A hole to fill in, or a prompt. Some clients lay a hole out in the prompt, with ``raw`` or without."""
    wanted = Wanted(
        max_tokens=call.token_limit(body.options.limit, None, "options.num_predict"),
        sampling=body.options.sampling(0.0 if body.suffix else TEMPERATURE),
        stop=body.options.stops,
        logprobs=body.alternatives,
        grammar=body.grammar(),
        model=name or None,
    )
    if body.suffix:
        return request_of(call, Hole(body.prompt, body.suffix), wanted)
    asked = prompted(call, body.prompt, wanted, greedy=body.options.temperature is None)
    return replace(asked, truncate=body.truncate) if isinstance(asked, TextRequest) else asked


def _conversation(body: OllamaGenerateRequest, asked: TextRequest) -> ChatRequest:
    """The prompt as a user's turn in the model's own template."""
    system = (Message("system", body.system),) if body.system else ()
    return ChatRequest(
        (*system, Message("user", body.prompt)),
        grammar=asked.grammar,
        middle_out=body.truncate,
        max_tokens=asked.max_tokens,
        sampling=asked.sampling,
        stop=asked.stop,
        logprobs=asked.logprobs,
        model=asked.model,
        user=asked.user,
    )


def _instructed(body: OllamaGenerateRequest, asked: TextRequest) -> TextRequest:
    """With ``system`` as a comment ahead: what a model understands that only ever saw source files."""
    if not body.system:
        return asked
    return replace(asked, prompt=as_comment(body.system, guess(body.prompt[-GUESSED_FROM:])) + body.prompt)


async def _answered(
    call: Call, body: OllamaGenerateRequest, model: ModelInfo, deltas: AsyncGenerator[Delta]
) -> Answer:
    def make(text: str, calls: Sequence[ToolCall], before: int) -> OllamaGenerated:
        return generated(model.id, text)

    return await answered(call, body, deltas, make)


ENDPOINT = Endpoint(
    method="POST",
    path="/api/generate",
    summary="Fill in, continue or answer a prompt, as Ollama does",
    handle=ollama_generate,
    takes=OllamaGenerateRequest,
    gives=OllamaGenerated,
    events=OllamaGenerated,
    scopes=frozenset({"complete"}),
    counted=True,
    dialect=OLLAMA,
)
