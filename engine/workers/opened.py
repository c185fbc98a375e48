"""Opens a model and finds out what it is able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from ..decode.recall import RECALL_KEY
from ..errors import NoFimTokens
from ..models.gguf import Header, read_header
from ..prompt.chat import ChatTemplate, find_template
from ..prompt.detect import FimFormat, detect
from ..prompt.vocabulary import Vocabulary, read_vocabulary
from ..runtimes.base import Runtime
from ..types import ModelInfo
from .messages import WorkerOptions


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A loaded model and its formats; ``form`` is None for a model without fill-in-the-middle.

    ``recalls``: unsure, it is helped by what the file says (:mod:`~..decode.recall`).
    """

    model: Runtime
    vocabulary: Vocabulary
    form: FimFormat | None
    template: ChatTemplate | None
    info: ModelInfo
    recalls: bool = False


def open_model(options: WorkerOptions) -> OpenedModel:
    """Load it; :class:`~..errors.ModelFileError` says why that cannot be done."""
    return RUNTIMES[options.runtime](options)


def _open_ctransformers(options: WorkerOptions) -> OpenedModel:
    from ..runtimes.ctransformers import CTransformers, check

    path = Path(options.model)
    header = read_header(path)
    check(header)
    form = _form(header)
    vocabulary = read_vocabulary(header.metadata)
    if form is not None:
        vocabulary = replace(vocabulary, end_ids=vocabulary.end_ids | form.end_ids)
    trained = header.number("context_length")
    context = min(options.context_length, trained) if trained else options.context_length
    model = CTransformers(header, threads=options.threads, context_length=context, batch=options.batch)
    template = find_template(header.metadata, vocabulary)
    name = str(header.metadata.get("general.name") or path.stem)
    info = ModelInfo(
        name, "ctransformers", context, supports_fim=form is not None, loaded=True,
        supports_chat=template is not None, supports_tools=template is not None and template.supports_tools,
        detail=f"{form.family.name} format, found by {form.found_by}" if form else "no fill-in-the-middle",
    )  # fmt: skip
    recalls = header.metadata.get(RECALL_KEY) is True
    return OpenedModel(model, vocabulary, form, template, info, recalls)


def _form(header: Header) -> FimFormat | None:
    try:
        return detect(header.metadata)
    except NoFimTokens:
        return None


def _open_fake(options: WorkerOptions) -> OpenedModel:
    from ..runtimes.fake import FakeModel, FakeOptions, fake_format, fake_vocabulary

    fake = FakeModel(FakeOptions(**(options.fake or {})))  # type: ignore[arg-type]
    info = ModelInfo("fake", "fake", fake.context_length, True, loaded=True)
    return OpenedModel(fake, fake_vocabulary(), fake_format(), None, info)


RUNTIMES: Mapping[str, Callable[[WorkerOptions], OpenedModel]] = MappingProxyType(
    {"ctransformers": _open_ctransformers, "fake": _open_fake}
)
"""What runs models, by name. A worker imports only the one that it is told to use."""
