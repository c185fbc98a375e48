"""Figures of logs, and tables of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import sqrt
from operator import add

from ..tables import percentile
from .kinds import KINDS
from .log import LENGTHS, Log, Shown
from .rules import Verdict
from .running import Results

Row = list[object]


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: list[Row]


_TEXTS = ("new texts/100 keys", "wrong/100 keys", "right", "right or partly", "would stay", "parse", "as is")
_WHOLE = ("", "keys saved", "saved, editor indents", *_TEXTS)
_ALL = (*_WHOLE[:2], "against the first", *_WHOLE[2:])
_COST = ("p50 ms", "p95 ms", "tokens read/key", "made/key", "model runs/key")


def tables(results: Results, pace: float = 0.0) -> list[Table]:
    """All tables: the variants, and the first one by language, kind of place and length."""
    totals = {name: reduce(add, logs) for name, logs in results.items() if logs}
    if not totals:
        return []
    name = next(iter(totals))
    cost = (*_COST, "changes/s") if pace else _COST
    return [
        Table("All languages", _ALL, _compared(totals)),
        Table("What it costs", ("", *cost), [[n, *_costs(log, pace)] for n, log in totals.items()]),
        Table(f"By language: {name}", _WHOLE, _by_language(results[name])),
        Table(f"By kind of place: {name}", _WHOLE[:2] + _TEXTS, _by_kind(totals[name])),
        Table(f"By length: {name}", ("", *_TEXTS), _by_length(totals[name])),
    ]


def _compared(totals: dict[str, Log]) -> list[Row]:
    first = next(iter(totals.values()))
    rows: list[Row] = []
    for name, log in totals.items():
        saved, indented = _saved(log)
        against = "" if log is first else _with_error(*saved_more(log, first))
        rows.append([name, saved, against, indented, *_texts(log)])
    return rows


def saved_more(log: Log, other: Log) -> tuple[float, float]:
    """How much more of the same passages one saves than the other, and twice the standard error of that."""
    characters = [length for length, _ in log.passages]
    fewer = [theirs - ours for (_, ours), (_, theirs) in zip(log.passages, other.passages, strict=True)]
    return _ratio(fewer, characters)


def _ratio(parts: list[int], wholes: list[int]) -> tuple[float, float]:
    """The sum of the parts by that of the wholes, and twice its standard error over passages."""
    total, count = max(1, sum(wholes)), len(wholes)
    ratio = sum(parts) / total
    spread = sum((part - ratio * whole) ** 2 for part, whole in zip(parts, wholes, strict=True))
    return ratio, 2 * sqrt(spread * count / max(1, count - 1)) / total


def keys_saved(log: Log) -> float:
    """The share of characters that no key was needed for."""
    return 1 - len(log.keys) / max(1, sum(log.characters.values()))


def keys_saved_indented(log: Log) -> float:
    """The same where the editor indents: neither keys nor characters of indentation count."""
    characters = sum(log.characters.values()) - log.indentation
    return 1 - sum(not key.indentation for key in log.keys) / max(1, characters)


def _saved(log: Log) -> Row:
    error = _ratio([length - keys for length, keys in log.passages], [length for length, _ in log.passages])[
        1
    ]
    return [f"{_share(keys_saved(log))} ± {100 * error:.1f}", _share(keys_saved_indented(log))]


def _texts(log: Log) -> Row:
    return _shown(log.shown, len(log.keys))


def _shown(shown: Sequence[Shown], keys: int) -> Row:
    count = len(shown)
    if not count:
        return [0.0, 0.0, "–", "–", "–", "–", "–"]
    wrong = sum(each.verdict is Verdict.WRONG for each in shown)
    right = sum(each.verdict is Verdict.RIGHT for each in shown)
    begun = [each for each in shown if each.verdict is not Verdict.WRONG]
    stays = sum(e.agrees for e in begun) / max(1, sum(e.characters for e in begun))
    return [
        100 * count / max(1, keys), 100 * wrong / max(1, keys), _share(right / count),
        _share(1 - wrong / count), _share(stays), _share(sum(each.parses.closed for each in shown) / count),
        _share(sum(each.parses.as_is for each in shown) / count),
    ]  # fmt: skip


def _costs(log: Log, pace: float) -> Row:
    keys, times = max(1, len(log.keys)), [each.milliseconds for each in log.keys]
    per_key = [each / keys for each in (log.work.read, log.work.made)]
    row: Row = [percentile(times, 0.5), percentile(times, 0.95), *per_key, f"{log.work.runs / keys:.2f}"]
    return [*row, f"{log.changes / max(1e-9, log.seconds):.2f}"] if pace else row


def _by_language(logs: list[Log]) -> list[Row]:
    languages = dict.fromkeys(log.language for log in logs)
    together = {name: reduce(add, [log for log in logs if log.language == name]) for name in languages}
    return [[name, *_saved(log), *_texts(log)] for name, log in together.items()]


def _by_kind(log: Log) -> list[Row]:
    rows: list[Row] = []
    for kind in KINDS:
        pressed = sum(key.kind == kind for key in log.keys)
        read = sum(key.read == kind for key in log.keys)
        saved = 1 - pressed / log.characters[kind] if log.characters[kind] else 0.0
        rows.append([kind, _share(saved), *_shown([each for each in log.shown if each.kind == kind], read)])
    return rows


def _by_length(log: Log) -> list[Row]:
    return [
        [length, *_shown([each for each in log.shown if each.length == length], len(log.keys))]
        for length in LENGTHS
    ]


def _with_error(share: float, error: float) -> str:
    return f"{100 * share:+.1f} ± {100 * error:.1f}"


def _share(value: float) -> str:
    return f"{value:.1%}"
