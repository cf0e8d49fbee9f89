"""reference: the pages that are made from the code: the keys of each config file, and the public names of each package."""

import json
import re
import types
from importlib import import_module
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from pydantic.fields import FieldInfo

FILES = {
    "run": ("A run (`interalign simulate`)", "interalign.sim.config:RunConfig"),
    "evaluate": ("An evaluation (`interalign evaluate`)", "interalign.evaluation:EvaluateConfig"),
    "sft": ("SFT (`interalign train sft`)", "interalign.training:SFTSettings"),
    "dpo": ("DPO (`interalign train dpo`)", "interalign.training:DPOSettings"),
}
"""By page: its title and the class of the file."""

PACKAGES = (
    "interalign",
    "interalign.agents",
    "interalign.agents.autogen_bridge",
    "interalign.graphs",
    "interalign.graphs.drawing",
    "interalign.sim",
    "interalign.training",
    "interalign.evaluation",
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for page, (title, where) in FILES.items():
        files.append(File.generated(config, f"reference/{page}.md", content=keys_page(title, where)))
    for package in PACKAGES:
        files.append(File.generated(config, f"reference/api/{package}.md", content=names_page(package)))
    return files


# -- configs ------------------------------------------------------------------------------------------


def keys_page(title: str, where: str) -> str:
    """Every key of a config file, as Markdown; a kind of table that may stand in several places is described in the first."""
    module, _, name = where.partition(":")
    model = getattr(import_module(module), name)
    intro = "Every key with its type, its default and what it means. A file holds only what differs from the defaults."
    lines = [f"# {title}", "", f"{doc(model)} {intro}", ""]
    waiting: list[tuple[str, str, type[BaseModel]]] = [("", "", model)]
    seen: set[type[BaseModel]] = set()
    while waiting:
        heading, path, table = waiting.pop(0)
        if table in seen:
            continue
        seen.add(table)
        lines += [f"## {heading}", "", doc(table), ""] if heading else []
        lines += keys(table, top=not heading)
        waiting[:0] = [
            found
            for name, field in table.model_fields.items()
            for found in tables_of(field.annotation, f"{path}{name}")
        ]
    return "\n".join(lines)


def keys(model: type[BaseModel], top: bool) -> list[str]:
    """The keys of one table that hold no table themselves (at the top of the file), or all of them."""
    rows = [
        f"| `{name}` | {type_of(field.annotation)} | {default_of(field)} | {' '.join((field.description or '').split())} |"
        for name, field in model.model_fields.items()
        if not (top and tables_of(field.annotation, name))
    ]
    return ["| key | type | default | |", "| --- | --- | --- | --- |", *rows, ""] if rows else []


def doc(model: type[BaseModel]) -> str:
    """The docstring of a table's class on one line, without the name of the table in front of it."""
    text = " ".join((model.__doc__ or "").split())
    return re.sub(r"^`\[[^`]+`: ", "", text)


def tables_of(annotation: Any, path: str) -> list[tuple[str, str, type[BaseModel]]]:
    """The tables that a key may hold, each with its heading and the path of its keys; none for a plain value."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return tables_of(arguments[0], path)
    if origin in (Union, types.UnionType):
        return [found for one in arguments for found in tables_of(one, path)]
    if origin is dict and len(arguments) == 2:
        return tables_of(arguments[1], f"{path}.NAME")
    if origin in (tuple, list):
        found = tables_of(arguments[0], path)
        return [(f"`[[{path}]]`{kind_of(table)}", below, table) for _, below, table in found]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [(f"`[{path}]`{kind_of(annotation)}", f"{path}.", annotation)]
    return []


def kind_of(model: type[BaseModel]) -> str:
    """Which of several kinds a table is, where a key of it says so."""
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            return f" with {name} = {get_args(field.annotation)[0]}"
    return ""


def type_of(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_of(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{value!r}`".replace("'", '"') for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_of(one) for one in arguments if one is not type(None)))
    if origin in (tuple, list):
        return f"list of {type_of(arguments[0])}"
    if origin is dict or annotation is dict:
        return "table"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(annotation, "value")


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel) or value in ({}, (), []):
        return ""
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{json.dumps(value, default=str)}`"


# -- names --------------------------------------------------------------------------------------------


def names_page(package: str) -> str:
    """The public names of a package, from their docstrings."""
    names = import_module(package).__all__
    options = "    options:\n      members:\n" + "\n".join(f"        - {name}" for name in names)
    return f"# {package}\n\n::: {package}\n{options}\n"
