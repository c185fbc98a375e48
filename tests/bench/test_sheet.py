"""What clients send of a file while it is typed into."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.replay import Passage
from bench.sheet import LINES_ABOVE, Sheet

text = st.text("ab\n", max_size=30)
long_text = st.builds(lambda lines, end: "a\n" * lines + end, st.integers(0, 2 * LINES_ABOVE), text)


@given(long_text, text, text)
def test_what_is_left_out_and_what_is_sent_are_the_file(before: str, typed: str, after: str) -> None:
    sheet = Sheet(Passage("a.py", before, typed, after))
    for key in typed:
        sheet.type(key)
    sent, file = sheet.above + sheet.line, before + typed
    assert file.endswith(sent)
    assert sheet.left_out == len(file) - len(sent)
    assert sent.count("\n") == min(LINES_ABOVE, file.count("\n"))
    assert (after + "\n").startswith(sheet.below)
