"""The model and what the proposals say, as one distribution: 1 - w of the model's, w of theirs.

The idea is that of cache language models (Kuhn and De Mori 1990; Grave et al. 2017). How far the proposals
are believed, w, depends on the place: on the match, on how much they agree, and on how sure the model is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..runtimes.base import Scores
from .choice import Choice, Likelihoods
from .evidence import Said, Weights, evidence, trust
from .filters import Mask
from .proposals import Candidate, Proposer
from .sampler import Sampler

SURE = 0.97
"""A model that is so sure of its token is not contradicted, and nothing is searched."""
_LEAST = 1e-30
_BEHIND = 12
"""Where so many bytes stand behind the cursor already, nothing is missing."""
_TOKENISED = 32
"""Of a text so many bytes are looked at for its first token."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is proposed for one answer. ``first`` gives the first token of a text. What begins with
    ``behind`` stands behind the cursor already."""

    proposer: Proposer
    weights: Weights
    first: Callable[[bytes], int | None]
    behind: bytes = b""

    def said(self, end: int | None, allowed: Mask | None, typed: bytes) -> dict[int, Said]:
        """What the proposals say of the next token."""
        return evidence(self.proposed(end, allowed, typed), self.weights)

    def proposed(
        self, end: int | None, allowed: Mask | None, typed: bytes
    ) -> Sequence[tuple[int, Candidate]]:
        """The tokens with which candidates begin, of those that are allowed, the best first; ``end`` ends the
        answer, and ``typed`` is what of the text ahead of the cursor the tokens still have to spell."""
        found = list[tuple[int, Candidate]]()
        for each in self.proposer.propose():
            over = self.behind and not typed and each.text.startswith(self.behind)
            token = end if over else self.first((typed + each.text)[:_TOKENISED])
            if token is not None and (allowed is None or allowed[token]):
                found.append((token, each))
        return found


def behind(suffix: str, line: bool) -> bytes:
    """What of the text behind the cursor tells, when it is proposed, that nothing is missing: its beginning,
    and for a ``line`` no more of it than the line."""
    if line:
        return (suffix.partition("\n")[0] or suffix[:1]).encode("utf-8", "replace")[:_BEHIND]
    beginning = suffix.encode("utf-8", "replace")[:_BEHIND]
    return beginning if beginning.strip() else b""


class MixedChoice:
    """See :class:`~.choice.Chooser`."""

    def __init__(self, sampler: Sampler, likelihoods: Likelihoods, advice: Advice) -> None:
        self._sampler, self._likelihoods, self._advice = sampler, likelihoods, advice

    def choose(self, scores: Scores, allowed: Mask | None = None, typed: bytes = b"") -> Choice:
        model = self._likelihoods.all(scores, allowed)
        end, over = self._likelihoods.end(model)
        said = self._advice.said(end, allowed, typed) if model.max() < SURE else {}
        weight = self._weight(said, model, over) if said else 0.0
        token = self._sampler.choose(_mixed(scores, model, said, weight) if weight else scores, allowed)
        held, heard = float(model[token]), said.get(token)
        if heard is None:
            return Choice(token, (1 - weight) * held, held, over)
        probability = (1 - weight) * held + weight * heard.share
        return Choice(token, probability, held, over, heard.share, heard.matched, heard.support, heard.scope)

    def accept(self, token: int, text: bytes) -> None:
        self._sampler.accept(token, made=bool(text))

    def _weight(self, said: Mapping[int, Said], model: Scores, over: float) -> float:
        """How far the proposals are believed; not at all where the model is sure that nothing is missing."""
        weights = self._advice.weights
        if over >= weights.over:
            return 0.0
        best = max(said, key=lambda token: said[token].share)
        top = int(model.argmax())
        return trust(said[best], float(model[top]), float(model[best]), best == top, weights)


def _mixed(scores: Scores, model: Scores, said: Mapping[int, Said], weight: float) -> Scores:
    """Scores of the mixture, up to a constant: those of the model, which has the probabilities ``model``, and
    for the tokens that were proposed those that make them as likely as they are."""
    some = int(model.argmax())
    constant = float(scores[some]) - math.log(model[some])
    changed = scores + math.log1p(-weight)
    for token, each in said.items():
        probability = (1 - weight) * float(model[token]) + weight * each.share
        changed[token] = math.log(max(probability, _LEAST)) + constant
    return changed
