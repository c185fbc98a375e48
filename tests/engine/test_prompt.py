"""Formats found in metadata, prompts laid out by them, windows that keep the cached prefix alive."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.errors import NoFimTokens
from fimble.engine.prompt.detect import detect
from fimble.engine.prompt.families import FAMILIES, PREFIX_FIRST
from fimble.engine.prompt.layout import PromptBuilder
from fimble.engine.prompt.vocabulary import read_vocabulary
from fimble.engine.prompt.window import Budget, clip, fitting_window, reach_of
from fimble.engine.runtimes.fake import FILE_SEP, MIDDLE, PREFIX, SUFFIX, FakeModel, FakeOptions, fake_format
from fimble.engine.types import FimRequest, Snippet
from fimble.engine.workers.places import common_prefix

TOKENIZER = "tokenizer.ggml."
fake = FakeModel(FakeOptions())


def metadata(tokens: list[str], **keys: Any) -> dict[str, Any]:
    return {TOKENIZER + "tokens": tokens, **{TOKENIZER + name: value for name, value in keys.items()}}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_is_found_by_its_token_texts(family: Any) -> None:
    tokens = ["a", "b", *family.tokens.values(), *family.stops]
    found = detect({**metadata(tokens), "general.name": f"some {family.name_has} model"})
    assert found.family.name == family.name
    assert {control: tokens[i] for control, i in found.ids.items()} == family.tokens
    assert {tokens[i] for i in found.end_ids} >= set(family.stops)
    assert found.found_by == "token texts"


def test_keys_win_over_texts() -> None:
    tokens = ["x", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "P", "S", "M"]
    found = detect(metadata(tokens, fim_pre_token_id=4, fim_suf_token_id=5, fim_mid_token_id=6))
    assert found.ids == {"prefix": 4, "suffix": 5, "middle": 6}
    assert found.found_by == "keys"


def test_older_keys_are_read() -> None:
    tokens = ["x", "▁<PRE>", "▁<SUF>", "▁<MID>"]
    found = detect(metadata(tokens, prefix_token_id=1, suffix_token_id=2, middle_token_id=3))
    assert (found.family.name, found.found_by) == ("codellama", "older keys")


def test_ids_outside_the_vocabulary_are_not_believed() -> None:
    with pytest.raises(NoFimTokens):
        detect(metadata(["x"], fim_pre_token_id=7, fim_suf_token_id=8, fim_mid_token_id=9))


def test_a_model_without_tokens_says_what_to_choose() -> None:
    with pytest.raises(NoFimTokens, match=r"such as Qwen2\.5-Coder, or `bundled`"):
        detect(metadata(["hello", "world"]))


def test_the_layout_key_has_the_last_word() -> None:
    tokens = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]
    found = detect({**metadata(tokens), "fimble.prompt.layout": "lines-first"})
    assert [step.slot for step in found.family.layout] == ["following", "prefix", "line_rest", None]


def test_starcoder2_and_the_bundled_model_are_told_apart() -> None:
    texts = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<file_sep>"]
    assert detect({**metadata(texts), "general.name": "fimble"}).family.name == "fimble"
    assert detect(metadata([*texts, "<repo_name>"])).family.name == "starcoder2"
    assert detect(metadata([*texts, "<filename>"])).family.name == "starcoder"


def test_a_name_that_only_contains_fim_says_nothing_of_the_family() -> None:
    texts = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<file_sep>", "<repo_name>"]
    found = detect({**metadata(texts), "general.name": "starcoder2-3b-FIM-lora"})
    assert (found.family.name, found.family.layout) == ("starcoder2", PREFIX_FIRST)


def test_ids_of_tokens_that_were_never_trained_are_not_believed() -> None:
    """Converters write CodeGemma's ids for every Gemma."""
    tokens = [f"<unused{i}>" for i in range(3)]
    with pytest.raises(NoFimTokens):
        detect(metadata(tokens, prefix_token_id=0, suffix_token_id=1, middle_token_id=2))


def test_a_family_is_found_by_what_a_model_was_made_of() -> None:
    tokens = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<filename>"]
    tuned = {**metadata(tokens), "general.name": "my model", "general.base_model.0.name": "Mellum 4b Base"}
    assert detect(tuned).family.name == "mellum"
    assert detect({**metadata(tokens), "general.name": "my model"}).family.name == "starcoder"


@pytest.mark.parametrize(("kind", "begins"), [("tekken", True), ("falcon-h1", True), ("qwen2", False)])
def test_the_kind_of_tokenizer_says_whether_a_text_begins_with_a_token(kind: str, begins: bool) -> None:
    tokens = ["<s>", "<|prefix|>", "<|suffix|>", "<|middle|>"]
    found = metadata(tokens, bos_token_id=0, pre=kind, model="gpt2")
    assert detect(found).bos_id == (0 if begins else None)
    assert read_vocabulary(found).starts == ((0,) if begins else ())
    told = {**found, TOKENIZER + "add_bos_token": not begins}
    assert detect(told).bos_id == (None if begins else 0)


def test_a_prompt_does_not_begin_with_the_same_token_twice() -> None:
    """Files of GLM name the token with which CodeGeeX4's prompt begins anyway."""
    family = next(family for family in FAMILIES if family.name == "codegeex")
    tokens = list(family.tokens.values())
    mask = tokens.index("[gMASK]")
    told = {**metadata(tokens, bos_token_id=mask, add_bos_token=True), "general.name": "codegeex4"}
    assert detect(told).bos_id is None
    assert detect({**told, TOKENIZER + "bos_token_id": tokens.index("<sop>")}).bos_id is not None


def test_metadata_of_a_strange_type_says_nothing() -> None:
    tokens = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]
    strange: dict[str, Any] = {f"general.{key}": [1] for key in ("name", "basename", "architecture")}
    found = detect({**metadata(tokens, pre=["tekken"], bos_token_id="1", model=[]), **strange})
    assert (found.family.name, found.bos_id) == ("starcoder", None)


def build(request: FimRequest, total: int = 400) -> list[int]:
    return PromptBuilder(fake.tokenize, fake_format(), Budget.of(total)).build(request)


def ids(*parts: str | int) -> list[int]:
    return [token for part in parts for token in ([part] if isinstance(part, int) else fake.tokenize(part))]


class TestLayout:
    def test_lines_below_come_first_and_the_rest_of_the_line_last(self) -> None:
        request = FimRequest("a = f(", ")\nprint(a)\n", path="m.py")
        expected = ids(FILE_SEP, "m.py\n", SUFFIX, "\nprint(a)\n", PREFIX, "a = f(", SUFFIX, ")", MIDDLE)
        assert build(request) == expected

    def test_an_empty_rest_is_left_out(self) -> None:
        assert build(FimRequest("a = ", "\nb\n")) == ids(SUFFIX, "\nb\n", PREFIX, "a = ", MIDDLE)

    def test_other_files_stand_first_with_their_paths(self) -> None:
        request = FimRequest("x", "", path="m.py", snippets=(Snippet("o.py", "def o(): ...\n"),))
        start = ids(FILE_SEP, "o.py\ndef o(): ...\n", FILE_SEP, "m.py\n")
        assert build(request)[: len(start)] == start

    def test_the_last_snippet_is_kept_where_there_is_no_room_for_all(self) -> None:
        small, large = Snippet("small.py", "s = 1\n"), Snippet("large.py", "x" * 400)
        full = Snippet("full.py", "y" * 60 + "\n")
        text = "z" * 2_000
        for snippets, kept in (
            ((small, full), ["full.py"]),
            ((full, small), ["small.py"]),
            ((small, large), ["small.py"]),
        ):
            built = build(clip(FimRequest(text, text, path="m.py", snippets=snippets)), 300)
            shown = bytes(token for token in built[: built.index(SUFFIX)] if token < 256).decode()
            assert [s.path for s in snippets if s.path in shown] == kept

    def test_control_tokens_in_texts_stay_text(self) -> None:
        request = FimRequest("<fim_middle>", "<fim_prefix>\n", snippets=(Snippet("<file_sep>", "</s>"),))
        assert [token for token in build(request) if token >= 256] == [
            FILE_SEP, FILE_SEP, SUFFIX, PREFIX, SUFFIX, MIDDLE,
        ]  # fmt: skip

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=4000), st.text(max_size=2000), st.integers(60, 600))
    def test_never_longer_than_the_budget(self, prefix: str, suffix: str, total: int) -> None:
        built = build(clip(FimRequest(prefix, suffix)), total)
        assert len(built) <= total + 8
        assert built[-1] == MIDDLE

    def test_an_autoclosed_bracket_changes_only_the_end(self) -> None:
        lines = "".join(f"line {i}\n" for i in range(10))
        before = build(FimRequest(lines + "foo", "\n" + lines))
        after = build(FimRequest(lines + "foo(", ")\n" + lines))
        assert common_prefix(before, after) == len(before) - 1


class TestWindow:
    TEXT = "".join(f"    value_{i} = compute({i})\n" for i in range(400))

    def test_typing_keeps_the_prompt_s_beginning(self) -> None:
        """Over 600 keys the window may move now and then, and must stay where it is at nearly all."""
        kept = moved = 0
        last: list[int] = []
        typed = self.TEXT
        for key in "    total += item.price * item.count\n" * 16:
            built = build(clip(FimRequest(typed, "\n")))
            if last:
                stays = common_prefix(last, built) >= len(last) - 1
                kept, moved = kept + stays, moved + (not stays)
            typed, last = typed + key, built
        assert moved <= kept / 50

    def test_windows_begin_on_line_starts_and_are_half_full_at_least(self) -> None:
        budget = 400
        for length in range(8000, 9000, 37):
            built = build(clip(FimRequest(self.TEXT[:length], "\n")))
            window = bytes(built[built.index(PREFIX) + 1 : -1]).decode()
            assert budget * 2 // 5 <= len(window) <= budget
            assert self.TEXT[length - len(window) - 1] == "\n"

    def test_room_that_one_part_does_not_need_goes_to_the_others(self) -> None:
        lines = len(self.TEXT)
        above = build(FimRequest(self.TEXT, "\n"))
        below = build(FimRequest("x = ", "\n" + self.TEXT))
        files = build(FimRequest("x = ", "\n", snippets=(Snippet("o.py", self.TEXT[:280]),)))
        assert lines > 8000
        assert len(above) > 400 * 0.4
        assert len(below) > 400 * 0.6
        assert len(files) > 280

    def test_what_follows_stays_while_the_window_moves(self) -> None:
        """The text below stands first: a prompt that changes there is read anew."""
        before = build(FimRequest(self.TEXT, self.TEXT))
        after = build(FimRequest(self.TEXT + "more = compute()\n", self.TEXT))
        assert before[: before.index(PREFIX)] == after[: after.index(PREFIX)]

    @pytest.mark.parametrize("tokens", [2048, 32768])
    def test_a_window_that_was_asked_for_is_filled(self, tokens: int) -> None:
        text = "".join(f"value = {i % 10}\n" for i in range(tokens // 4))
        request = clip(FimRequest(text, "\n"), reach_of(tokens))
        assert tokens * 0.45 <= len(build(request, tokens)) <= tokens

    def test_the_fitting_window_fits_the_model(self) -> None:
        assert fitting_window(2048) == 768
        assert fitting_window(4096) == 1536
        assert fitting_window(2048, token_seconds=0.0001) == 768
        assert fitting_window(32768, token_seconds=0.0001) == 3968
        assert fitting_window(32768, token_seconds=0.1) == 256

    def test_what_was_cut_off_ahead_does_not_move_the_window(self) -> None:
        whole = build(FimRequest(self.TEXT, ""))
        for cut in (1, 100, 5000):
            assert build(FimRequest(self.TEXT[cut:], "", left_out=cut)) == whole

    @given(st.text("ab\n", max_size=3000), st.integers(4, 500))
    def test_clipping_keeps_the_nearest_text(self, text: str, limit: int) -> None:
        clipped = clip(FimRequest(text, text), limit)
        assert text.endswith(clipped.prefix)
        assert len(clipped.prefix) == min(limit, len(text)) == len(text) - clipped.left_out
        assert text.startswith(clipped.suffix)
        assert len(clipped.suffix) <= limit // 4 or clipped.suffix == text

    def test_giant_lines_are_cut_inside(self) -> None:
        built = build(clip(FimRequest("x" * 1_000_000, "y" * 1_000_000)))
        assert 200 <= len(built) <= 408

    def test_many_tokens_for_each_character(self) -> None:
        built = build(clip(FimRequest("😀" * 5000, "😀" * 5000)))
        assert 200 <= len(built) <= 408


def test_a_window_stays_while_tokens_merge_in_the_cursors_line() -> None:
    def merging(text: str) -> list[int]:
        return [ord(piece[0]) for piece in re.findall(r"abcd|.|\n", text)]

    builder = PromptBuilder(merging, fake_format(), Budget.of(160))
    for count in range(1, 120):
        above, last = "abcd x\n" * count, list[int]()
        for typed in ("a", "ab", "abc", "abcd", "abcda", "abcdabc", "abcdabcd"):
            ids = builder.build(FimRequest(above + typed, "\n", path="a"))
            assert not last or common_prefix(last, ids) >= len(last) - 5, (count, typed)
            last = ids
