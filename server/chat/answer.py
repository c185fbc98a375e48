"""What the engine says as a whole answer, in the shape of OpenAI's chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fimble.engine.types import ChatRequest, Completion, ModelInfo

from .. import logprobs
from ..call import Call
from ..choices import Head, usage_of
from ..schema.chat import (
    Annotation,
    AnswerMessage,
    ChatChoice,
    ChatCompletionsRequest,
    ChatCompletionsResponse,
)
from ..schema.tools import tool_call_made
from ..together import together
from .healing import healed


@dataclass(frozen=True, slots=True)
class Answering:
    """One request on its way. ``models`` are asked in turn; ``cited`` is what was found in the web, None
    where nobody searched."""

    call: Call
    body: ChatCompletionsRequest
    models: Sequence[ModelInfo]
    head: Head
    cited: list[Annotation] | None = None

    @property
    def shows_reasoning(self) -> bool:
        """Whether answers tell what the model thought."""
        return self.body.reasoning is None or not self.body.reasoning.exclude

    async def whole(self, wanted: Sequence[ChatRequest]) -> ChatCompletionsResponse:
        model, *others = self.models
        made = await together(
            self.call.whole(model, self.call.engine.stream_chat(each), each.variant > 0, others)
            for each in wanted
        )
        answer = ChatCompletionsResponse(
            id=self.head.id,
            object="chat.completion",
            created=self.head.created,
            model=made[0].model,
            choices=[self._choice(each, i) for i, each in enumerate(made)],
            usage=usage_of(self.call.spent),
        )
        if made[0].upstream:
            answer.provider = made[0].upstream
        return answer

    def _choice(self, made: Completion, index: int) -> ChatChoice:
        body = self.body
        wants_json = body.response_format is not None and body.response_format.type != "text"
        mend = wants_json and body.plugin("response-healing") is not None
        text = healed(made) if mend and not made.tool_calls else made.text
        message = AnswerMessage(role="assistant", content=None if made.tool_calls and not text else text)
        if made.reasoning and self.shows_reasoning:
            message.reasoning = made.reasoning
        if made.tool_calls:
            message.tool_calls = [tool_call_made(each) for each in made.tool_calls]
        if self.cited is not None:
            message.annotations = self.cited
        choice = ChatChoice(index=index, message=message, finish_reason=made.finish_reason)
        if body.logprobs:
            choice.logprobs = logprobs.chat(made.logprobs)
        return choice
