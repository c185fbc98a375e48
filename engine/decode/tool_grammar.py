"""Grammars for answers that may or must contain tool calls.

A forced answer is one call. A free one is text in which every call that is begun is also well formed;
a JSON answer is that or calls. Arguments fit the tool's schema where the call is forced or the tool is
strict, and else are any JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..errors import InvalidRequest, UnsupportedParameter
from ..limits import GRAMMAR_CHARACTERS, TOOLS
from ..prompt.tool_forms import ToolForm
from ..types import JSON_OBJECT, Grammar, NamedTool, Tool, ToolChoice
from .grammar import schema_of, source
from .grammar_bounds import check_values


def tool_grammar(
    tools: Sequence[Tool], choice: ToolChoice, form: ToolForm, opener: int | None, answer: Grammar | None
) -> Grammar:
    """The grammar of a whole answer. ``opener`` is the id of the form's opening text where that is a
    control token; ``answer`` is the grammar of an answer without calls."""
    _check_tools(tools)
    forced = choice != "auto"
    calls = "\n".join(_rule(number, tool, form, forced) for number, tool in enumerate(_chosen(tools, choice)))
    names = " | ".join(f"call_{number}" for number in range(calls.count("\n") + 1))
    begin = f"<[{opener}]>" if opener is not None else json.dumps(form.opener)
    if forced:
        return Grammar("llguidance", f"start: {begin} ({names})\n{calls}\n")
    if answer is not None:
        return _or_answer(f"start: ({begin} ({names}))+ | @answer\n{calls}\n", answer)
    lazy = "" if opener is not None else "[lazy]"
    text = r"TEXT: /(.|\n)*/"
    return Grammar(
        "llguidance", f"start: (opened ({names}))* TEXT\nopened{lazy}: TEXT {begin}\n{calls}\n{text}\n"
    )


def _check_tools(tools: Sequence[Tool]) -> None:
    """Bound what all tools have together, before any of them is read."""
    if len(tools) > TOOLS:
        raise InvalidRequest(f"There are {len(tools)} tools, and there may be {TOOLS}.", "tools")
    if sum(len(tool.name) + len(tool.parameters) for tool in tools) > GRAMMAR_CHARACTERS:
        raise InvalidRequest(
            f"The tools are too long: their parameters may have {GRAMMAR_CHARACTERS} characters together.",
            "tools",
        )


def _chosen(tools: Sequence[Tool], choice: ToolChoice) -> list[Tool]:
    if not isinstance(choice, NamedTool):
        return list(tools)
    found = [tool for tool in tools if tool.name == choice.name]
    if not found:
        raise InvalidRequest(f"There is no tool {choice.name!r} to choose among the tools.", "tool_choice")
    return found


def _rule(number: int, tool: Tool, form: ToolForm, forced: bool) -> str:
    """One tool's call, from behind the opener on, on a line of its own."""
    begin = form.before + json.dumps(tool.name, ensure_ascii=False) + form.between
    schema = _schema(tool) if forced or tool.strict else schema_of(JSON_OBJECT.value)
    return f"call_{number}: {json.dumps(begin)} %json {schema} {json.dumps(form.closer)}"


def _schema(tool: Tool) -> str:
    """A tool's schema; of one that is not strict, keywords that the library lacks are left out."""
    try:
        schema = json.loads(schema_of(tool.parameters))
        check_values([schema])
    except ValueError as error:
        raise InvalidRequest(
            f"The parameters of {tool.name!r} are no JSON schema: {error}.", "tools"
        ) from error
    schema["x-guidance"].setdefault("lenient", not tool.strict)
    return json.dumps(schema)


def _or_answer(calls: str, answer: Grammar) -> Grammar:
    """Two grammars in one, the second under the name ``answer``."""
    if answer.kind == "llguidance":
        raise UnsupportedParameter(
            "A grammar of the type llguidance cannot be used while the model may choose tools. "
            "Set tool_choice to none, or use another type.",
            "tools",
        )
    own = source(answer)
    found = json.loads(own)["grammars"][0] if own.startswith("{") else {"lark_grammar": own}
    both = [{"name": "calls", "lark_grammar": calls}, {**found, "name": "answer"}]
    return Grammar("llguidance", json.dumps({"grammars": both}))
