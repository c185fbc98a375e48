"""What people were answered, remembered by document: typing an answer, and asking again, costs no tokens.

People never share it, and it holds answers without chance in them only: those would be the same again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fimble.engine.remembered import Remembered, RememberedTexts, marks
from fimble.engine.types import Completion, FimRequest, FinishReason, ModelInfo

from .limits import ANSWER_CHARACTERS, ANSWERS_KEPT, DOCUMENTS_REMEMBERED


@dataclass(frozen=True, slots=True)
class Answer(Remembered):
    """An answer, how it ended and how likely it is to be taken."""

    finish_reason: FinishReason
    confidence: float | None


class AnswerMemory:
    """The answers of all people. When it is full, whoever has most documents in it loses the one that was
    not used for longest."""

    def __init__(self, documents: int = DOCUMENTS_REMEMBERED) -> None:
        self._documents = documents
        self._people: dict[str, RememberedTexts[Answer]] = {}

    def __len__(self) -> int:
        """How many documents it knows."""
        return sum(len(memory) for memory in self._people.values())

    def find(self, model: ModelInfo, request: FimRequest) -> Completion | None:
        """What is left of an earlier answer to the same person, where the model would be asked for the same
        in the same document; None when it has to be asked."""
        memory = self._people.get(request.user)
        found = memory.find(_question(model, request), request) if memory and _is_kept(request) else None
        if found is None:
            return None
        answer, left = found
        # an answer that is left out of in the middle, for a bracket that the editor closed, has its end
        reason = answer.finish_reason if answer.text.endswith(left) else "stop"
        return Completion(left, reason, model.id, confidence=answer.confidence)

    def add(self, model: ModelInfo, request: FimRequest, made: Completion) -> None:
        """Remember a whole answer, if it is one of those that are kept; not one for which time was short."""
        hurried = made.finish_reason == "length" and request.generate_ms is not None
        if not _is_kept(request) or hurried or len(made.text) > ANSWER_CHARACTERS:
            return
        memory = self._people.setdefault(request.user, RememberedTexts(ANSWERS_KEPT, self._documents))
        memory.add(
            _question(model, request), Answer(made.text, *marks(request), made.finish_reason, made.confidence)
        )
        if len(self) > self._documents:
            self._forget_one()

    def _forget_one(self) -> None:
        user, memory = max(self._people.items(), key=lambda item: len(item[1]))
        memory.forget_oldest()
        if not memory:
            del self._people[user]


def _is_kept(request: FimRequest) -> bool:
    """Whether it names its document, wants text and nothing more, and has no chance in it."""
    wants_text = request.max_tokens != 0 and request.logprobs is None
    return request.document is not None and wants_text and not request.sampling.temperature


def _question(model: ModelInfo, request: FimRequest) -> int:
    """Stands for the document and all that shapes an answer in it, but for the text around the cursor."""
    return hash(
        (
            model.id,
            replace(
                request, prefix="", suffix="", left_out=0, deadline_ms=None, generate_ms=None, model=None
            ),
        )
    )
