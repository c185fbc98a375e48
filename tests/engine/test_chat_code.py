"""Chat without a template: comments and code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.prompt.code_chat import as_comment, code_path, code_prompt
from fimble.engine.types import ChatRequest, Message, Tool, ToolCall


def prompt(*messages: Message, language: str = "", tools: tuple[Tool, ...] = ()) -> str:
    return code_prompt(ChatRequest(messages, tools=tools, language=language), messages)


def test_talk_is_comments_and_answers_are_code() -> None:
    made = prompt(
        Message("system", "You write Go.\nShort."),
        Message("user", "a constant"),
        Message("assistant", "const a = 1"),
        Message("user", "another"),
        language="go",
    )
    assert made == "// You write Go.\n// Short.\n// a constant\nconst a = 1\n// another\n"


@pytest.mark.parametrize(
    ("language", "comment", "path"),
    [
        ("", "# x\n", "main.py"),
        ("rust", "// x\n", "main.rs"),
        ("lua", "-- x\n", "main.lua"),
        ("js", "// x\n", "main.js"),
        ("html", "# x\n", "main.html"),
        ("zig", "# x\n", "main.zig"),
    ],
)
def test_the_language_decides_the_comment_and_the_file(language: str, comment: str, path: str) -> None:
    assert prompt(Message("user", "x"), language=language) == comment
    assert code_path(language) == path


@given(st.text())
def test_no_line_of_a_text_escapes_from_its_comment(text: str) -> None:
    made = as_comment(text, "python")
    assert all(line.startswith("#") for line in made.splitlines())
    assert made == "" or made.endswith("\n")


def test_tools_are_explained_and_their_results_told() -> None:
    made = prompt(
        Message("user", "What is 2+2?"),
        Message("assistant", tool_calls=(ToolCall("1", "sum", '{"a": 2}'),)),
        Message("tool", "4", tool_call_id="1"),
        tools=(Tool("sum", "Adds numbers"),),
    )
    assert all(line.startswith("#") for line in made.splitlines())
    assert "# - sum: Adds numbers" in made
    assert '# {"name": "sum", "arguments": {"a": 2}}' in made
    assert made.endswith("# 4\n")
