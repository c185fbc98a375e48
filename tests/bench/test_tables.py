"""Figures of the benchmarks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.tables import markdown, percentile


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_so_many_values_lie_below_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value < found for value in values) <= share * len(values)
    assert sum(value > found for value in values) <= (1 - share) * len(values)


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.5) == 0


def test_a_table_for_a_document() -> None:
    made = markdown("Keys", ("", "saved"), [["python", 31.25], ["go", "30 %"]])
    assert made == "**Keys**\n\n|  | saved |\n| --- | --: |\n| python | 31.2 |\n| go | 30 % |\n"
