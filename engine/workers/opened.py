"""Opens a model and finds out what it is able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from ..decode.evidence import Weights
from ..decode.weights import weights_for
from ..errors import ModelFileError
from ..models.gguf import Header, read_header
from ..models.glance import Facts
from ..prompt.chat import ChatTemplate
from ..prompt.detect import FimFormat
from ..prompt.vocabulary import Vocabulary
from ..runtimes.base import Runtime
from ..runtimes.memory import check_memory, context_of, free_bytes, sequence_count
from ..runtimes.speed import token_seconds
from ..types import ModelInfo
from .messages import WorkerOptions


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A loaded model and its formats; ``form`` is None for a model without fill-in-the-middle.

    ``weights`` tell how far it believes what the project says (:mod:`~..decode.mixing`); None: not at all.
    ``token_seconds`` is how long it reads a token of a prompt here; 0: not known.
    """

    model: Runtime
    vocabulary: Vocabulary
    form: FimFormat | None
    template: ChatTemplate | None
    info: ModelInfo
    weights: Weights | None = None
    token_seconds: float = 0.0


def open_model(options: WorkerOptions) -> OpenedModel:
    """Load it; :class:`~..errors.ModelFileError` says why that cannot be done."""
    return RUNTIMES[options.runtime](options)


def _open_auto(options: WorkerOptions) -> OpenedModel:
    """By llama.cpp; where it does not run or does not load the model, by ctransformers."""
    header = read_header(Path(options.model))
    try:
        return _open_llamacpp(options, header)
    except ModelFileError as error:
        try:
            return _open_ctransformers(options, header, f"not by llama.cpp: {error.message}")
        except ModelFileError:
            raise error from None


def _open_llamacpp(options: WorkerOptions, header: Header | None = None) -> OpenedModel:
    from ..runtimes.llamacpp.check import check
    from ..runtimes.llamacpp.library import open_library
    from ..runtimes.llamacpp.runtime import LlamaCpp

    header = header or read_header(Path(options.model))
    library = open_library()
    check(header)
    free = free_bytes()
    context = context_of(header, options.context_length, free)
    sequences = sequence_count(header, context, options.cache_tokens, options.sequences, free)
    if not (options.gpu_layers and library.lib.llama_supports_gpu_offload()):  # else it tells by itself
        check_memory(header, sequences * context, free)
    model = LlamaCpp(
        header, threads=options.threads, context_length=context, sequences=sequences, batch=options.batch,
        gpu_layers=options.gpu_layers, library=library,
    )  # fmt: skip
    return _opened(model, header, options)


def _open_ctransformers(
    options: WorkerOptions, header: Header | None = None, reason: str = ""
) -> OpenedModel:
    from ..runtimes.ctransformers import CTransformers, check

    header = header or read_header(Path(options.model))
    check(header)
    context = context_of(header, options.context_length, free_bytes())
    model = CTransformers(header, threads=options.threads, context_length=context, batch=options.batch)
    return _opened(model, header, options, reason)


def _opened(model: Runtime, header: Header, options: WorkerOptions, reason: str = "") -> OpenedModel:
    """What the file says of a loaded model; ``reason`` is why it runs as it does."""
    facts = Facts.of(header)
    form, vocabulary = facts.form, facts.vocabulary
    if form is not None:
        vocabulary = replace(vocabulary, end_ids=vocabulary.end_ids | form.end_ids)
    name = str(header.metadata.get("general.name") or header.path.stem)
    told = facts.info(name, model.name, model.context_length)
    info = replace(
        told, loaded=True, detail="; ".join(filter(None, (told.detail, reason))), sequences=model.sequences,
        cache_tokens=model.sequences * model.context_length,
    )  # fmt: skip
    weights = weights_for(header.parameters) if options.memory else None
    return OpenedModel(model, vocabulary, form, facts.template, info, weights, token_seconds(model))


def _open_fake(options: WorkerOptions) -> OpenedModel:
    from ..runtimes.fake import FakeModel, FakeOptions, fake_format, fake_vocabulary

    fake = FakeModel(FakeOptions(**(options.fake or {})))  # type: ignore[arg-type]
    info = ModelInfo(
        "fake", "fake", fake.context_length, True, loaded=True, sequences=fake.sequences,
        cache_tokens=fake.sequences * fake.context_length,
    )  # fmt: skip
    return OpenedModel(fake, fake_vocabulary(), fake_format(), None, info)


RUNTIMES: Mapping[str, Callable[[WorkerOptions], OpenedModel]] = MappingProxyType(
    {
        "auto": _open_auto,
        "llamacpp": _open_llamacpp,
        "ctransformers": _open_ctransformers,
        "fake": _open_fake,
    }
)
"""What runs models, by name. A worker imports only what it uses."""
