"""What a model's file says of the model, told without loading it."""

from __future__ import annotations

from pathlib import Path

from ..errors import NoFimTokens
from ..prompt.chat import find_template
from ..prompt.detect import detect
from ..prompt.vocabulary import read_vocabulary
from ..runtimes.memory import fitting_context, free_bytes
from ..types import ModelInfo
from .gguf import read_header


def glance_at(file: str, runtime: str, context_length: int) -> ModelInfo:
    """The model as ``runtime`` would open it now, with ``context_length`` tokens (0: as many as fit).

    Takes up to a second with a large vocabulary. Raises :class:`~..errors.ModelFileError`.
    """
    header = read_header(Path(file))
    context = context_length or fitting_context(header, free_bytes())
    trained = header.number("context_length")
    try:
        form = detect(header.metadata)
        detail = f"{form.family.name} format, found by {form.found_by}"
    except NoFimTokens:
        form, detail = None, "no fill-in-the-middle"
    template = find_template(header.metadata, read_vocabulary(header.metadata))
    return ModelInfo(
        Path(file).stem,
        runtime,
        min(context, trained) if trained else context,
        supports_fim=form is not None,
        supports_chat=template is not None,
        supports_tools=template is not None and template.supports_tools,
        detail=detail,
    )


def glance_at_fake(file: str, context_length: int) -> ModelInfo:
    """The same for the model of tests, which has no file."""
    return ModelInfo(file, "fake", context_length or 4096, supports_fim=True)
