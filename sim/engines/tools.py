"""tools: function calling in OpenAI's chat format: what is offered, what a model called, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core import FunctionCall
from autogen_core.models import AssistantMessage, FunctionExecutionResultMessage
from autogen_core.tools import Tool, ToolSchema

__all__ = ["read_tool_calls", "tool_schemas", "wire_tool_calls", "wire_tool_results", "wire_tools"]


def tool_schemas(tools: Sequence[Tool | ToolSchema]) -> list[dict[str, Any]]:
    """Name, description and parameters of each tool."""
    return [dict(tool.schema) if isinstance(tool, Tool) else dict(tool) for tool in tools]


def wire_tools(tools: Sequence[Tool | ToolSchema], choice: Any = "auto") -> dict[str, Any]:
    """The part of a request that offers the tools; empty without any."""
    if not tools:
        return {}
    offered = [{"type": "function", "function": schema} for schema in tool_schemas(tools)]
    named = {"type": "function", "function": {"name": choice.schema["name"]}} if isinstance(choice, Tool) else choice
    return {"tools": offered, "tool_choice": named}


def wire_tool_calls(message: AssistantMessage) -> dict[str, Any]:
    """A message that called tools."""
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.content
        if isinstance(call, FunctionCall)
    ]
    return {"role": "assistant", "content": message.thought or "", "tool_calls": calls}


def wire_tool_results(message: FunctionExecutionResultMessage) -> list[dict[str, Any]]:
    """What the tools answered, a message for each call."""
    return [{"role": "tool", "tool_call_id": result.call_id, "content": result.content} for result in message.content]


def read_tool_calls(message: Mapping[str, Any]) -> list[FunctionCall]:
    """The calls in a server's answer. Raises KeyError, TypeError or AttributeError where they are none."""
    calls = message.get("tool_calls") or []
    return [
        FunctionCall(
            id=str(call.get("id") or f"call_{place}"),
            name=str(call["function"]["name"]),
            arguments=_text(call["function"].get("arguments")),
        )
        for place, call in enumerate(calls)
    ]


def _text(arguments: Any) -> str:
    """Some servers send the arguments as an object rather than as its text."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {})
