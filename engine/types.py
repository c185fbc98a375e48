"""What goes into the engine and what comes out: plain frozen values, no behaviour, no I/O.

Texts are ``str`` with ``\\n``, ``\\r\\n`` or ``\\r`` line ends as the caller has them. Times are
milliseconds. Nothing here knows an editor, a wire format or a model runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .routing import Reasoning, Routing
from .tokens import Certainty, PromptPart, TokenLogprob

Mode = Literal["auto", "line", "next", "block"]
"""How much is wanted: the rest of the line; the same, or the next line where this one is finished; several
lines; or what the syntax says."""
FinishReason = Literal["stop", "length", "tool_calls"]
GrammarKind = Literal["regex", "lark", "json_schema", "llguidance", "gbnf"]
Role = Literal["system", "developer", "user", "assistant", "tool"]
Eagerness = Literal["subtle", "balanced", "eager"]
"""How sure a suggestion must be to be shown."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of another file, shown to the model ahead of the current one."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Dry:
    """ "Don't repeat yourself": a token that would lengthen a repetition loses
    ``multiplier * base ** (length - allowed_length)``. No repetition reaches across a breaker."""

    multiplier: float = 0.8
    base: float = 1.75
    allowed_length: int = 2
    sequence_breakers: tuple[str, ...] = ("\n", ":", '"', "*")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. The defaults are greedy: always the most likely one.

    A filter is off at 0 for ``top_k``, ``min_p`` and both OpenAI penalties, and at 1 for ``top_p`` and
    ``repetition_penalty``. ``logit_bias`` are pairs of a token id and what is added to its logit. The order
    in which all of it applies is told in ``decode/sampler.py``.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | None = None
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    dry: Dry | None = None
    logit_bias: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Grammar:
    """What an answer must look like. The value of a ``json_schema`` is the schema as JSON text; that of
    ``llguidance`` is that library's own format, as JSON or Lark text; ``gbnf`` is llama.cpp's."""

    kind: GrammarKind
    value: str


JSON_OBJECT = Grammar("json_schema", '{"type":"object"}')


@dataclass(frozen=True, slots=True)
class FimRequest:
    """Fill in what belongs between ``prefix`` and ``suffix``.

    ``document`` names what is being edited: of several requests with the same name only the newest matters,
    unless ``supersedes`` is off: then the name only tells what belongs together. ``workspace`` names the
    project that it is part of. ``user`` is who asks, for fairness between people. ``deadline_ms`` counts from
    submission; ``generate_ms`` is the time for tokens, after which the answer ends with its line. With
    ``mode`` "auto" the syntax at the cursor decides. ``trim`` off gives the model's text as it came; so do
    ``logprobs`` and ``grammar``, which mean what they mean in :class:`TextRequest`. ``left_out`` counts
    characters of the file that were cut off ahead of ``prefix``.

    ``beside`` are texts of other open files, in which is looked for what may follow; unlike ``snippets``,
    they are not put into the prompt. ``index`` is the folder of the project's index; the engine puts it in,
    nobody else. With ``eagerness`` or ``min_confidence``, an uncertain suggestion is cut short or is empty;
    ``taken`` tells what became of the last suggestions in this document, the newest first. ``in_comments``
    off gives the empty text inside comments and strings. With ``context`` the engine adds snippets that it
    chooses from ``beside`` and from files of ``workspace``, which is a folder then. ``explain`` asks a model
    on this machine for its prompt.
    """

    prefix: str
    suffix: str
    language: str = ""
    path: str = ""
    snippets: tuple[Snippet, ...] = ()
    mode: Mode = "auto"
    max_tokens: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    deadline_ms: float | None = None
    model: str | None = None
    document: str | None = None
    workspace: str | None = None
    user: str = ""
    trim: bool = True
    logprobs: int | None = None
    grammar: Grammar | None = None
    ahead: bool = False
    """Made before anybody asked: it gives way to every other request."""
    variant: int = 0
    """From 1 on a further answer to a question that is under way: it takes nothing's place."""
    left_out: int = 0
    invoked: bool = False
    """Asked for by hand, and not by typing: settings may choose another model for it."""
    beside: tuple[Snippet, ...] = ()
    index: str = ""
    eagerness: Eagerness | None = None
    min_confidence: float | None = None
    taken: tuple[bool, ...] = ()
    in_comments: bool = True
    context: bool = False
    explain: bool = False
    supersedes: bool = True
    generate_ms: float | None = None
    floor: float = 0.0
    """The answer ends ahead of the token with which its probability falls below this; the gate puts it in."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask for. ``parameters`` is its JSON schema, as JSON text.

    With ``strict``, arguments that the model writes by its own choice fit the schema too; those of a forced
    call always do.
    """

    name: str
    description: str = ""
    parameters: str = '{"type":"object"}'
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a function; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class NamedTool:
    """The choice of exactly this tool."""

    name: str


ToolChoice = Literal["none", "auto", "required"] | NamedTool


@dataclass(frozen=True, slots=True)
class TextRequest:
    """Continue ``prompt``: text (in which no control token is read, unless ``controls`` allows it) or the
    model's own token ids.

    ``max_tokens`` None is as many as fit; 0 evaluates the prompt and ends with "length". ``logprobs`` asks
    for each token's log-probability and those of that many alternatives. ``echo`` puts the prompt ahead of
    the answer. ``truncate`` cuts a prompt that is too long from the left instead of refusing it. ``user``,
    ``document``, ``deadline_ms``, ``generate_ms``, ``model`` and ``variant`` mean what they mean in
    :class:`FimRequest`. An instruction ahead of the prompt is the caller's to write; see
    ``prompt/code_chat.py`` for how text becomes a comment.
    """

    prompt: str | tuple[int, ...]
    max_tokens: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    echo: bool = False
    truncate: bool = False
    controls: bool = False
    generate_ms: float | None = None
    grammar: Grammar | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    deadline_ms: float | None = None
    model: str | None = None
    document: str | None = None
    user: str = ""
    variant: int = 0


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a message: its address or ``data:`` URL, how finely it should be looked at, and how many
    characters of the message's text are ahead of it."""

    url: str
    detail: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. ``tool_calls`` are an assistant's; ``tool_call_id`` is a tool's; ``images``
    are in the order of their places in the text."""

    role: Role
    content: str = ""
    name: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Answer a conversation, through the model's own chat template or else as code after comments.

    ``grammar`` is the response format; it binds the text, not the tool calls. ``language`` is the code's
    language for models without a template. ``prompt_tokens`` bounds the conversation and ``middle_out`` fits
    it into the context: both drop messages from its middle. ``models`` are asked one after the other, until
    one answers, instead of ``model``; ``routing`` chooses among the upstreams of each. The rest is as in
    :class:`TextRequest`.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    grammar: Grammar | None = None
    language: str = ""
    middle_out: bool = False
    prompt_tokens: int | None = None
    max_tokens: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    deadline_ms: float | None = None
    model: str | None = None
    document: str | None = None
    user: str = ""
    variant: int = 0
    models: tuple[str, ...] = ()
    routing: Routing | None = None
    reasoning: Reasoning | None = None


@dataclass(frozen=True, slots=True)
class TokensRequest:
    """The tokens of a text, the text of tokens, or the prompt that a conversation becomes. ``starts`` puts
    the model's own first tokens ahead of a text; ``controls`` reads control tokens in it."""

    of: str | tuple[int | str, ...] | ChatRequest
    starts: bool = False
    controls: bool = False
    deadline_ms: float | None = None
    model: str | None = None
    document: str | None = None
    user: str = ""
    variant: int = 0


Asked = FimRequest | TextRequest | ChatRequest
Request = Asked | TokensRequest


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the model really saw and made; ``cached_tokens`` of the prompt were not evaluated."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time went, in milliseconds."""

    queue_ms: float = 0.0
    prompt_ms: float = 0.0
    generate_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of text, with usage and timings so far; the last one has a finish reason.

    ``logprobs`` and ``certainties`` are of the tokens that begin in this piece; ``tool_calls`` are whole
    calls. ``confidence`` is how likely the whole suggestion is to be taken, once the gate has judged it.
    ``prompt`` comes first and alone, where it was asked for. ``tokens`` are ids with their bytes. ``model``
    and ``upstream`` name who made it, where that is another one; ``reasoning`` is what it thinks.
    """

    text: str
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    timings: Timings | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    certainties: tuple[Certainty, ...] = ()
    confidence: float | None = None
    prompt: tuple[PromptPart, ...] = ()
    tokens: tuple[tuple[int, bytes], ...] = ()
    model: str = ""
    upstream: str = ""
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer."""

    text: str
    finish_reason: FinishReason
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    timings: Timings = field(default_factory=Timings)
    logprobs: tuple[TokenLogprob, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    certainties: tuple[Certainty, ...] = ()
    confidence: float | None = None
    upstream: str = ""
    reasoning: str = ""

    @classmethod
    def of(cls, made: Sequence[Delta], model: str) -> Completion:
        """All pieces of an answer as one."""
        last = made[-1] if made else Delta("")
        return cls(
            "".join(delta.text for delta in made),
            last.finish_reason or "stop",
            model,
            last.usage or Usage(),
            last.timings or Timings(),
            tuple(each for delta in made for each in delta.logprobs),
            tuple(each for delta in made for each in delta.tool_calls),
            tuple(each for delta in made for each in delta.certainties),
            last.confidence,
            last.upstream,
            "".join(delta.reasoning for delta in made),
        )


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model; ``loaded`` tells whether it answers at once.

    Its cache has room for ``cache_tokens`` in ``sequences``; 0 where that is not known.
    """

    id: str
    backend: str
    context_window: int
    supports_fim: bool
    loaded: bool = False
    supports_chat: bool = False
    supports_tools: bool = False
    supports_vision: bool = False
    supports_reasoning: bool = False
    detail: str = ""
    sequences: int = 0
    cache_tokens: int = 0
