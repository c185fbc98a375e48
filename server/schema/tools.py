"""Functions that a model may ask for, as the OpenAI-shaped endpoints write them."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from fimble.engine import types as engine

from ..limits import MAX_TOOLS
from .base import Body, Description, JsonObject, Name, Text

FunctionName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class Function(Body):
    name: FunctionName
    description: Description = ""
    parameters: JsonObject = Field(
        default_factory=lambda: {"type": "object"}, description="JSON schema of the arguments"
    )
    strict: bool = Field(False, description="Arguments are made to fit the schema")


class Tool(Body):
    type: Literal["function"]
    function: Function

    def to_engine(self) -> engine.Tool:
        function = self.function
        return engine.Tool(
            function.name, function.description, json.dumps(function.parameters), function.strict
        )


class ChosenFunction(Body):
    name: FunctionName


class ToolChoice(Body):
    """The choice of exactly this function."""

    type: Literal["function"]
    function: ChosenFunction


class ToolFields(Body):
    tools: list[Tool] = Field(default_factory=list, max_length=MAX_TOOLS, fail_fast=True)
    tool_choice: Literal["none", "auto", "required"] | ToolChoice = "auto"
    parallel_tool_calls: bool = True

    def engine_tools(self) -> tuple[engine.Tool, ...]:
        return tuple(tool.to_engine() for tool in self.tools)

    def engine_choice(self) -> engine.ToolChoice:
        choice = self.tool_choice
        return engine.NamedTool(choice.function.name) if isinstance(choice, ToolChoice) else choice

    def choice_problem(self) -> str | None:
        """Why the choice cannot be made, if so."""
        choice = self.tool_choice
        if isinstance(choice, ToolChoice):
            if all(tool.function.name != choice.function.name for tool in self.tools):
                return f"`tool_choice`: there is no tool {choice.function.name!r} in `tools`."
        elif choice == "required" and not self.tools:
            return "`tool_choice`: `required` needs `tools` to choose from."
        return None


class CalledFunction(Body):
    name: Name
    arguments: Text = Field(description="JSON text")


class ToolCall(Body):
    """A call that the model has asked for."""

    id: Name
    type: Literal["function"] = "function"
    function: CalledFunction

    def to_engine(self) -> engine.ToolCall:
        return engine.ToolCall(self.id, self.function.name, self.function.arguments)


class ToolCallMade(BaseModel):
    """A call as answers carry it; in streams with its index."""

    index: int | None = None
    id: str
    type: Literal["function"]
    function: CalledFunction


def tool_call_made(call: engine.ToolCall, index: int | None = None) -> ToolCallMade:
    made = ToolCallMade(
        id=call.id, type="function", function=CalledFunction(name=call.name, arguments=call.arguments)
    )
    if index is not None:
        made.index = index
    return made
