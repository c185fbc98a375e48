"""What is known of an upstream's model: from settings, and from what the upstream told of itself."""

from __future__ import annotations

from ...errors import ContextLengthExceeded, NoFimTokens
from ...prompt.families import Family
from ...types import ModelInfo
from ...upstream_settings import Kind, UpstreamSettings
from .fim_prompt import FimPrompts
from .naming import family_named, family_of_model

CONTEXT_WINDOW = 8192
"""Tokens, where neither settings nor the upstream tell."""
PROGRAMS: dict[Kind, str] = {
    "fimble": "a fimble server",
    "llama": "llama-server",
    "openai": "an OpenAI-compatible server",
    "vllm": "vLLM",
    "ollama": "Ollama",
    "mistral": "Mistral's API",
    "deepseek": "DeepSeek's API",
    "ray": "a Ray cluster",
}
"""What each kind is called in messages."""


class Known:
    """``model`` is the upstream's own name for it, empty until it is known; ``chats`` whether it answers
    conversations, ``sees`` whether it takes images, ``reasons`` whether it may think before it answers."""

    def __init__(self, upstream: UpstreamSettings) -> None:
        self.upstream = upstream
        self.program = PROGRAMS[upstream.kind]
        self.model = upstream.model
        self._can()
        self._told_context = 0
        self._family = family_named(upstream.family) if upstream.family else None

    @property
    def context_window(self) -> int:
        return self.upstream.context_window or self._told_context or CONTEXT_WINDOW

    @property
    def family(self) -> Family | None:
        """By settings, else by the model's name; None where none is known."""
        return self._family or family_of_model(self.model)

    @property
    def prompts(self) -> FimPrompts:
        """How the model is asked to fill in, as text; raises :class:`~...errors.NoFimTokens`."""
        if self.family is None:
            raise NoFimTokens(
                f"It is not known which fill-in-the-middle tokens the model {self.model!r} of {self.program} "
                "has; set `family` in its table of `upstreams`."
            )
        return FimPrompts(self.family, self.context_window)

    def path(self, path: str) -> str:
        """Where a path is below the address, which may end in ``/v1`` itself."""
        first = "/" + path.split("/")[1]
        return path.removeprefix(first) if self.upstream.url.endswith(first) else path

    def check_length(self, characters: int) -> None:
        """Raises :class:`~...errors.ContextLengthExceeded` for what is longer than any text that fits."""
        if characters > self.context_window * 16:
            raise ContextLengthExceeded(
                f"The prompt is far longer than the {self.context_window} tokens of {self.program}'s model."
            )

    def learnt(
        self, model: str, context: int = 0, fim: bool | None = None, chat: bool = False, tools: bool = False,
        vision: bool = False, reasoning: bool = False,
    ) -> ModelInfo:  # fmt: skip
        """What the upstream told of the model that answers. Settings override it."""
        own = self.upstream
        self.model, self._told_context = model, context
        self._can(chat, vision, reasoning)
        fills = own.suffix or self.family is not None if fim is None else fim
        return ModelInfo(
            model, "", self.context_window, fills, loaded=True, supports_chat=self.chats,
            supports_tools=tools or own.chat, supports_vision=vision or own.vision,
            supports_reasoning=self.reasons,
        )  # fmt: skip

    def _can(self, chat: bool = False, vision: bool = False, reasoning: bool = False) -> None:
        """What its model can by what it told, or by settings."""
        own = self.upstream
        self.chats, self.reasons = own.chat or chat, own.reasoning or reasoning
        self.sees = own.vision or vision or own.kind == "fimble"  # which refuses images itself
