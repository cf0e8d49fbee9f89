"""form: what an answer may be other than plain text: JSON of a type, or calls of tools."""

from dataclasses import dataclass
from typing import Any

from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from interalign.sim.engines.tools import tool_schemas

__all__ = ["Form"]


@dataclass(frozen=True, slots=True)
class Form:
    """What a call asks for."""

    output: type[BaseModel] | None = None
    tools: tuple[Tool | ToolSchema, ...] = ()
    tool_choice: Any = "auto"

    def arguments(self, structured: bool) -> dict[str, Any]:
        """For `ChatCompletionClient.create`; nothing where it is plain text, or the client takes no schema."""
        arguments: dict[str, Any] = {"tools": self.tools, "tool_choice": self.tool_choice} if self.tools else {}
        return {**arguments, "json_output": self.output} if self.output is not None and structured else arguments

    def identity(self) -> dict[str, Any]:
        """What of it decides an answer."""
        form: dict[str, Any] = {}
        if self.output is not None:
            form["json_schema"] = self.output.model_json_schema()
        if self.tools:
            choice = self.tool_choice if isinstance(self.tool_choice, str) else self.tool_choice.name
            form["tools"] = [tool_schemas(self.tools), choice]
        return form
