"""``python -m bench.scale``: what people need, and how far predictions were right; ``--write`` keeps it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..effort import be_quick, effort
from ..tables import markdown, note, percentile, show
from .check import COLUMNS, Pair, check, worst
from .measured import MEMORY, Measured, load, save
from .measuring import measure
from .simulation import Outcome
from .sizing import SECONDS, SETTLED, SIZES, SLICE, Need, Size, need, people_of, simulate

PAGE = Path(__file__).parents[1] / "SCALE.md"
PEOPLE = (100, 1_000, 10_000, 100_000, 1_000_000)
DEATH = 18.0
_WORDS = """\
# How many machines people need

Written by `python -m bench.scale --measure --write`. Everything is simulated with times that were
measured ({machine}), except the last
table, which compares a simulation with real processes. A person types in bursts and pauses, takes what
is right, and goes from file to file; each key that nobody's memory answers asks the replica where the
document is at home, and the next key stops it. *In time* is the share of keys that were answered before
the next key. A replica bears so many people that one key in a hundred more is late than for one alone.

{tables}
{verdict}

Near the edge a few per cent of load decide, since each key without an answer asks again; there a prediction
says only that the edge is near. Stay at two thirds of what the tables allow.

A slice of {slice} replicas stands for larger clusters, {seconds} simulated seconds of it: each document
has one replica, so replicas do not know of each other. Networks, load balancers and garbage collection
are not in it. Of the database only usage is: a row for each person who types, every five seconds, and
one for each latency that there was; people with one key share their rows.
"""
Table = tuple[str, Sequence[str], list[list[object]]]


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="measure this machine's times first")
    parser.add_argument("--database", metavar="URL", help="with --measure: a PostgreSQL beside SQLite")
    parser.add_argument("--write", action="store_true", help="write bench/SCALE.md")
    parser.add_argument("--quick", action="store_true", help="only to see that it works")
    given = parser.parse_args(list(arguments))
    if given.quick:
        be_quick()
    if given.measure:
        save(asyncio.run(measure(given.database)))
    measured = load()
    sizes = [people_of(measured, *size) for size in effort(SIZES, SIZES[:1])]
    pairs = asyncio.run(check(measured))
    tables = [
        _times(measured), _capacity(sizes), *(_needs(measured, size) for size in sizes),
        _homes(measured, sizes[0]), _deaths(measured, sizes[0]), _checked(pairs),
    ]  # fmt: skip
    for table in tables:
        show(*table)
    note(_verdict(pairs))
    if given.write:
        PAGE.write_text(_page(measured, tables, pairs), "utf-8")


def _times(measured: Measured) -> Table:
    warm = [each * 1000 for keys in measured.typed for each in keys[1:] if each != MEMORY]
    keys = [each for passage in measured.typed for each in passage]
    known = sum(each == MEMORY for each in keys) / len(keys)
    cold = [each * 1000 for each in measured.cold]
    rows: list[list[object]] = [
        [f"from memory, {known:.0%} of keys: the front", _ms(measured.front_known), ""],
        ["by a replica: the front", _ms(measured.front_asked), ""],
        ["… the replica's server", _ms(measured.server), ""],
        ["… its worker, text that was read before", *_both(warm)],
        ["… its worker, another document", *_both(cold)],
        ["choosing, for each replica that there is", f"{measured.choice * 1e3:.4f}", ""],
        ["a replica's death to its next answer", f"{measured.start * 1e3:,.0f}", ""],
    ]
    return "Times that were measured", ("", "ms (median)", "p95"), rows


def _capacity(sizes: Iterable[Size]) -> Table:
    rows: list[list[object]] = [
        [
            str(size.workers), str(size.people), f"{size.keys:.2f}", f"{size.asked:.2f}",
            *_shares(size.outcome), *(f"{part:.0%}" for part in size.outcome.busy.values()),
        ]
        for size in sizes
    ]  # fmt: skip
    columns = (
        "workers of a replica", "people", "keys/s of one", "asked", "in time", "p50 ms", "p95 ms",
        "fronts busy", "workers busy",
    )  # fmt: skip
    return "People whom a replica bears", columns, rows


def _needs(measured: Measured, size: Size) -> Table:
    found = [need(measured, size, people) for people in PEOPLE]
    rows: list[list[object]] = [_need_row(each) for each in found]
    columns = (
        "people", "replicas", "cores of fronts", "of that choosing", "rows/s", "databases", "short first",
    )  # fmt: skip
    return f"What people need, replicas of {size.workers} workers", columns, rows


def _need_row(each: Need) -> list[object]:
    return [
        f"{each.people:,}", f"{each.replicas:,}", f"{each.fronts:,}", f"{each.choice:.0%}",
        f"{each.rows:,.0f}", f"{each.databases:.2f}", each.short,
    ]  # fmt: skip


def _homes(measured: Measured, size: Size) -> Table:
    rows: list[list[object]] = []
    for part in (1.0, 0.5, 0.25):
        people = max(1, round(size.people * part))
        for home in (True, False):
            found = simulate(measured, size.workers, size.cores, people, home).since(SETTLED)
            cold = found.cold / max(1, found.asked)
            rows.append([str(people), "at home" if home else "anywhere", f"{cold:.0%}", *_shares(found)])
    columns = ("people for each replica", "a document's requests", "cold", "in time", "p50 ms", "p95 ms")
    return "With affinity and without", columns, rows


def _deaths(measured: Measured, size: Size) -> Table:
    rows: list[list[object]] = []
    for replicas in (2, SLICE):
        for part in (1.0, 0.5):
            people = max(1, round(size.people * part))
            found = simulate(measured, size.workers, size.cores, people, deaths=(DEATH,), replicas=replicas)
            spans = [found.since(SETTLED, DEATH), found.since(DEATH, DEATH + 5), found.since(DEATH + 5)]
            p95 = [f"{percentile([wait for _, wait in span.waits], 0.95) * 1000:.0f}" for span in spans]
            in_time = [f"{span.in_time:.0%}" for span in spans]
            rows.append([str(replicas), str(people), str(found.moved), *p95, *in_time])
    columns = (
        "replicas", "people for each", "requests that moved", "p95 ms before", "5 s after", "later",
        "in time before", "5 s after", "later",
    )  # fmt: skip
    return "One replica dies", columns, rows


def _checked(pairs: Iterable[Pair]) -> Table:
    return "Predicted and seen on this machine", COLUMNS, [pair.row for pair in pairs]


def _verdict(pairs: list[Pair]) -> str:
    mean = sum(pair.error for pair in pairs) / max(1, len(pairs))
    return (
        f"The predicted share of keys in time is off by {mean * 100:.1f} points on average, "
        f"{worst(pairs) * 100:.1f} at worst."
    )


def _page(measured: Measured, tables: list[Table], pairs: list[Pair]) -> str:
    told = "\n".join(markdown(*table) for table in tables)
    return _WORDS.format(
        machine=measured.machine, tables=told, verdict=_verdict(pairs), slice=SLICE, seconds=f"{SECONDS:.0f}"
    )


def _shares(found: Outcome) -> list[str]:
    waits = [wait * 1000 for _, wait in found.waits]
    return [f"{found.in_time:.1%}", *(f"{percentile(waits, share):.1f}" for share in (0.5, 0.95))]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def _both(values: list[float]) -> list[str]:
    return [f"{percentile(values, share):.1f}" for share in (0.5, 0.95)]
