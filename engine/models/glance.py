"""What a model's file says of the model, told without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import NoFimTokens
from ..prompt.chat import ChatTemplate, find_template
from ..prompt.detect import FimFormat, detect
from ..prompt.vocabulary import Vocabulary, read_vocabulary
from ..runtimes.memory import context_of, free_bytes
from ..types import ModelInfo
from .gguf import Header, read_header


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file tells; ``form`` is None for a model without fill-in-the-middle."""

    form: FimFormat | None
    vocabulary: Vocabulary
    template: ChatTemplate | None

    @classmethod
    def of(cls, header: Header) -> Facts:
        try:
            form = detect(header.metadata)
        except NoFimTokens:
            form = None
        vocabulary = read_vocabulary(header.metadata)
        return cls(form, vocabulary, find_template(header.metadata, vocabulary))

    def info(self, id: str, runtime: str, context: int) -> ModelInfo:
        """As a model that is not open."""
        form, template = self.form, self.template
        detail = f"{form.family.name} format, found by {form.found_by}" if form else "no fill-in-the-middle"
        return ModelInfo(
            id, runtime, context, supports_fim=form is not None, supports_chat=template is not None,
            supports_tools=template is not None and template.supports_tools,
            detail=detail,
        )  # fmt: skip


def glance_at(file: str, runtime: str, context_length: int) -> ModelInfo:
    """The model as ``runtime`` would open it now, with ``context_length`` tokens (0: as many as fit).

    Takes up to a second with a large vocabulary. Raises :class:`~..errors.ModelFileError`.
    """
    header = read_header(Path(file))
    return Facts.of(header).info(Path(file).stem, runtime, context_of(header, context_length, free_bytes()))


def glance_at_fake(file: str, context_length: int) -> ModelInfo:
    """The same for the model of tests, which has no file."""
    return ModelInfo(file, "fake", context_length or 4096, supports_fim=True)
