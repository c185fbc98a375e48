"""The tokenizer: byte-fallback BPE by sentencepiece that keeps indentation cheap.

Ids: 0 ``<unk>``, 1 ``<s>`` (never used in prompts), 2 ``</s>`` (end of a middle or document),
3 ``<fim_prefix>``, 4 ``<fim_suffix>``, 5 ``<fim_middle>``, 6 ``<file_sep>``, then 256 bytes, then pieces.
Text never becomes a control token: control ids are only ever inserted as ids.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import sentencepiece

from .corpus.shards import CorpusError, read_split

EOS, FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE, FILE_SEP = 2, 3, 4, 5, 6
CONTROL_TOKENS = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<file_sep>"]
VOCABULARY = 8192


class Tokenizer:
    """Text to ids and back; raises :class:`CorpusError` when the model file is missing or damaged."""

    def __init__(self, path: Path) -> None:
        try:
            self.model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        except (OSError, RuntimeError) as error:
            raise CorpusError(f"{path} is no tokenizer model: train one first ({error})") from error

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self.model.encode(text)
        return ids

    def decode(self, ids: list[int]) -> str:
        text: str = self.model.decode(ids)
        return text

    def piece(self, token: int) -> bytes:
        """A token's bytes; empty for control tokens."""
        if self.model.is_byte(token):
            return bytes([int(self.model.id_to_piece(token)[1:-1], 16)])
        if self.model.is_control(token) or self.model.is_unknown(token):
            return b""
        text: str = self.model.id_to_piece(token).replace("\u2581", " ")
        return text.encode()

    @property
    def size(self) -> int:
        return int(self.model.vocab_size())


def train_tokenizer(corpus: Path, out: Path, sample_bytes: int, vocabulary: int = VOCABULARY) -> None:
    """Learn the pieces from a balanced sample of the train split; ``out`` appears only when complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    with part.open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_sample(corpus, sample_bytes),
            model_writer=model,
            model_type="bpe",
            vocab_size=vocabulary,
            byte_fallback=True,
            character_coverage=0.9998,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            split_digits=True,
            max_sentencepiece_length=16,
            max_sentence_length=16_384,
            control_symbols=CONTROL_TOKENS,
            required_chars="\n\t",
            num_threads=os.cpu_count() or 1,
            minloglevel=2,
        )
    os.replace(part, out)


def _sample(corpus: Path, sample_bytes: int) -> Iterator[str]:
    """Pieces of documents, at most 65 % Python and the rest shared evenly by the other languages."""
    by_language: dict[str, list[str]] = {}
    for document in read_split(corpus, "train"):
        by_language.setdefault(document.language, []).append(document.text)
    randomness = random.Random(0)
    others = max(1, len(by_language) - 1)
    for language, texts in sorted(by_language.items()):
        budget = sample_bytes * (0.65 if language == "python" else 0.35 / others)
        randomness.shuffle(texts)
        for text in texts:
            if (budget := budget - len(text)) < 0:
                break
            yield from (text[at : at + 4000] for at in range(0, len(text), 4000))


def characters_per_token(tokenizer: Tokenizer, corpus: Path, limit: int = 400_000) -> dict[str, float]:
    """Characters per token on the validation split, by language."""
    counts: dict[str, tuple[int, int]] = {}
    for document in read_split(corpus, "validation"):
        characters, tokens = counts.get(document.language, (0, 0))
        if characters < limit:
            more = len(tokenizer.encode(document.text))
            counts[document.language] = (characters + len(document.text), tokens + more)
    return {name: characters / tokens for name, (characters, tokens) in sorted(counts.items())}


def main() -> int:
    parser = argparse.ArgumentParser(prog="training.tokenizer", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sample-megabytes", type=float, default=80)
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    arguments = parser.parse_args()
    try:
        sample = int(arguments.sample_megabytes * 1e6)
        train_tokenizer(arguments.corpus, arguments.out, sample, arguments.vocabulary)
        rows = characters_per_token(Tokenizer(arguments.out), arguments.corpus)
    except (CorpusError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for language, ratio in rows.items():
        print(f"{language:18} {ratio:5.2f} characters/token")
    return 0


if __name__ == "__main__":
    sys.exit(main())
