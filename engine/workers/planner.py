"""From a request to a prompt and a plan for decoding, for one loaded model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from ..decode.answer import DecodePlan
from ..decode.drafts_gain import Gain
from ..decode.drafts_made import DraftMaker
from ..decode.grammar import Constraint, GrammarCompiler
from ..decode.mixing import Advice, behind
from ..decode.proposals import Proposer
from ..decode.tool_grammar import tool_grammar
from ..errors import InvalidRequest, NoFimTokens
from ..limits import DRAFT_PROMPT_TOKENS, FIRST_TOKENS_KEPT
from ..memory.index import OpenIndexes
from ..memory.proposer import ScopedProposer, proposer
from ..memory.texts import OwnText
from ..prompt.conversation import ConversationPrompts
from ..prompt.layout import PromptBuilder
from ..prompt.pieces import PieceTable
from ..prompt.text import TextPrompts
from ..prompt.tool_forms import HERMES, ToolForm
from ..prompt.window import Budget, fitting_window
from ..stopping import Check, unchecked
from ..tokens import PromptPart
from ..types import Asked, ChatRequest, Delta, FimRequest, TextRequest, TokensRequest
from .opened import OpenedModel

_ANSWER_PART = 4
"""A prompt that is cut to fit leaves this part of the context for an answer of any length."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to evaluate and what to generate, the deadline apart; ``form`` is how the model writes tool
    calls, if it may."""

    prompt: list[int]
    plan: DecodePlan
    form: ToolForm | None = None
    several_calls: bool = False


class Planner:
    """Knows one model's formats; ``window`` bounds a suggestion's prompt, in tokens; 0 fits it. ``gain``
    tells what drafts are worth."""

    def __init__(self, opened: OpenedModel, window: int, gain: Gain | None = None) -> None:
        model, vocabulary = opened.model, opened.vocabulary
        self._vocabulary, self._context = vocabulary, model.context_length
        fits = fitting_window(model.context_length, opened.token_seconds)
        budget = Budget.of(min(window or fits, model.context_length - 64))
        self._weights, self._indexes, self._piece = opened.weights, OpenIndexes(), model.piece
        self._first = lru_cache(FIRST_TOKENS_KEPT)(partial(_first, model.tokenize))
        self._pieces = PieceTable(vocabulary.size, model.piece)
        self._fim = PromptBuilder(model.tokenize, opened.form, budget, self._pieces) if opened.form else None
        self._texts = TextPrompts(vocabulary, model.tokenize, model.piece, model.context_length)
        self._conversations = ConversationPrompts(
            self._texts, vocabulary, model.tokenize, model.piece, model.context_length,
            template=opened.template, form=opened.form,
        )  # fmt: skip
        self._drafts = DraftMaker(model, gain or Gain(model.batch))
        self._grammars = GrammarCompiler(vocabulary, model.piece, model.tokenize)
        self._names = {token: text.encode() for text, token in vocabulary.controls.items()}
        self._form = opened.template.tool_form if opened.template else HERMES
        opener = vocabulary.controls.get(self._form.opener)
        self._opener = opener if opener is not None and not model.piece(opener) else None

    def task(self, request: Asked, check: Check = unchecked) -> Task:
        """Raises :class:`~..errors.RequestError` for what cannot be done with this model, and what
        ``check`` raises between the steps of long work."""
        self._check(request)
        match request:
            case FimRequest():
                return self._suggestion(request, check)
            case TextRequest():
                prompt = self._texts.build(request, self._context - self._reserve(request.max_tokens))
                echo = prompt.own if request.echo else ()
                return self._answer(request, prompt.ids, "grammar", check, echo)
            case ChatRequest():
                ids = self._conversations.build(request, self._reserve(request.max_tokens), check)
                return self._answer(request, ids, "response_format", check)

    def tokens(self, request: TokensRequest, check: Check = unchecked) -> Delta:
        """What a model's tokens are asked for, as text and as ids with their bytes."""
        asked = request.of
        if isinstance(asked, ChatRequest):
            ids = self._conversations.build(asked, self._reserve(asked.max_tokens), check)
        else:
            ids = self._texts.tokens(asked, starts=request.starts, controls=request.controls, check=check)
        spelled = tuple((token, self._piece(token) or self._names.get(token, b"")) for token in ids)
        text = b"".join(data for _, data in spelled).decode("utf-8", "replace")
        return Delta(text, "stop", tokens=spelled)

    def explained(self, task: Task) -> tuple[PromptPart, ...]:
        """A prompt in parts, for people."""
        parts, control, ids = list[PromptPart](), "", list[int]()

        def end() -> None:
            if control or ids:
                text = b"".join(map(self._piece, ids)).decode("utf-8", "replace")
                parts.append(PromptPart(control, text, len(ids)))

        for token in task.prompt:
            if token in self._names or not self._piece(token):
                end()
                control, ids = self._names.get(token, b"").decode() or f"<{token}>", []
            else:
                ids.append(token)
        end()
        typed = [PromptPart("", task.plan.typed.decode("utf-8", "replace"), 0)] if task.plan.typed else []
        return (*parts, *typed)

    def _check(self, request: Asked) -> None:
        size = self._vocabulary.size
        if not all(0 <= token < size for token, _ in request.sampling.logit_bias):
            raise InvalidRequest(f"Token ids of this model are 0 to {size - 1}.", "logit_bias")

    def _suggestion(self, request: FimRequest, check: Check) -> Task:
        if self._fim is None:
            raise NoFimTokens(
                "This model has no fill-in-the-middle tokens, so it cannot suggest code at a cursor. "
                "Choose one that has them, such as Qwen2.5-Coder, or `bundled`."
            )
        constraint = self._grammars.compile(request.grammar, check=check) if request.grammar else None
        plan = self._plan(request, request.max_tokens or 0, constraint)
        stop, prompt = plan.stop + self._fim.stop_texts, self._fim.healed(request)
        source = proposer(request, self._indexes.get(request.index))
        plan = self._proposed(replace(plan, stop=stop, advice=self._advice(request, source)), source)
        plan = replace(plan, certain=True, floor=request.floor, one_line=request.mode == "next")
        return Task(prompt.ids, replace(plan, typed=prompt.typed, pieces=self._pieces))

    def _advice(self, request: FimRequest, source: Proposer) -> Advice | None:
        """What is proposed, unless the model's own words are wanted or good enough."""
        own_words = not request.trim or request.logprobs is not None
        if own_words or self._weights is None:
            return None
        return Advice(source, self._weights, self._first, behind(request.suffix, request.mode == "line"))

    def _proposed(self, plan: DecodePlan, source: Proposer) -> DecodePlan:
        return replace(plan, proposer=source, drafts=self._drafts.drafts(source))

    def _of_prompt(self, ids: list[int]) -> Proposer:
        """Proposals for an answer that follows a text whose tokens are all in the prompt."""
        return ScopedProposer(lambda: OwnText(b"".join(map(self._piece, ids[-DRAFT_PROMPT_TOKENS:]))))

    def _answer(
        self,
        request: TextRequest | ChatRequest,
        ids: list[int],
        param: str,
        check: Check,
        echo: tuple[tuple[int, bytes], ...] = (),
    ) -> Task:
        limit = self._context if request.max_tokens is None else request.max_tokens
        choice = request.tool_choice
        if choice == "none" or not request.tools:
            if choice not in ("none", "auto"):
                raise InvalidRequest("A tool is asked for, and there are no tools.", "tool_choice")
            grammar = request.grammar
            constraint = self._grammars.compile(grammar, param, check) if grammar is not None else None
            plan = self._plan(request, limit, constraint, echo)
            return Task(ids, self._proposed(plan, self._of_prompt(ids)))
        grammar = tool_grammar(request.tools, choice, self._form, self._opener, request.grammar)
        plan = self._plan(request, limit, self._grammars.compile(grammar, "tools", check), echo)
        plan = self._proposed(plan, self._of_prompt(ids))
        return Task(ids, plan, self._form, request.parallel_tool_calls and choice == "auto")

    def _plan(
        self,
        request: Asked,
        max_tokens: int,
        constraint: Constraint | None,
        echo: tuple[tuple[int, bytes], ...] = (),
    ) -> DecodePlan:
        return DecodePlan(
            max_tokens,
            self._vocabulary.end_ids,
            request.sampling,
            request.stop,
            constraint=constraint,
            logprobs=request.logprobs,
            echo=echo,
            names=self._names,
            shown={} if self._opener is None else {self._opener: self._form.opener.encode()},
            patience=_seconds(request.generate_ms) if not isinstance(request, ChatRequest) else None,
        )

    def _reserve(self, max_tokens: int | None) -> int:
        """How many tokens of the context a prompt that is cut to fit leaves to the answer."""
        if max_tokens is None:
            return self._context // _ANSWER_PART
        return min(max_tokens, self._context // 2)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _first(tokenize: Callable[[str], list[int]], text: bytes) -> int | None:
    """The token with which a text begins that follows another one; a character that is cut off does not
    count."""
    return next(iter(tokenize(text.decode("utf-8", "ignore"))), None)
