"""card: the README.md of a folder of training data: front matter for the hub, then what is in it and where it comes from.

Names of judges, runs and strategies are somebody's text: they stand in code spans, from which no markup gets out.
"""

import json
from typing import Any

__all__ = ["card"]

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(manifest: dict[str, Any], warning: str | None) -> str:
    """The card's text."""
    return "\n".join((_front_matter(manifest), _contents(manifest), _statistics(manifest, warning), _origin(manifest)))


def _front_matter(manifest: dict[str, Any]) -> str:
    count = manifest["train"]["pairs"] + manifest["eval"]["pairs"]
    size = next((name for most, name in _SIZES if count < most), "n>1M")
    lines = ["---", "pretty_name: Preference pairs of simulated conversations", "task_categories:", "- text-generation"]
    lines += ["tags:", "- preference", "- dpo", "- conversational", "- synthetic", "- interalign"]
    lines += ["size_categories:", f"- {size}", "configs:"]
    for config, prefix in (("preferences", ""), ("sft", "sft_")):
        lines += [f"- config_name: {config}", *(["  default: true"] if not prefix else []), "  data_files:"]
        for split, name in (("train", f"{prefix}train.jsonl"), ("test", f"{prefix}eval.jsonl")):
            lines += [f"  - split: {split}", f"    path: {name}"] if name in manifest["files"] else []
    return "\n".join((*lines, "---", ""))


def _contents(manifest: dict[str, Any]) -> str:
    held = manifest["eval"]["pairs"]
    text = f"""# Preference pairs of simulated conversations

Users with personas talked to language models; where several replies were given to the same message, a judge that knew the persona
said which one this user would rather get. Made by `interalign pairs`; users and replies are written by language models.

| config | rows | fields |
| --- | --- | --- |
| `preferences` | {manifest["train"]["pairs"]} train, {held} test | `prompt`, `chosen`, `rejected`: lists of messages |
| `sft` | {manifest["sft"]["train"]} train, {manifest["sft"]["eval"]} test | `prompt`, `completion`: the preferred reply alone |

`prompt` is the history of the branch that was really continued. Every turn of a conversation is a row of its own and the loss is
meant for its last reply alone, so that each turn weighs the same.

```sh
trl dpo --dataset_name FOLDER --model_name_or_path MODEL --output_dir OUT
trl sft --dataset_name FOLDER --dataset_config sft --model_name_or_path MODEL --output_dir OUT
```
"""
    if held:
        text += "\nThe two splits have no person and no profile in common; manners of talking (personalities) occur in both.\n"
    return text


def _statistics(manifest: dict[str, Any], warning: str | None) -> str:
    lines = ["## Statistics", "", "| | train | test |", "| --- | --- | --- |"]
    rows = (
        ("pairs", "pairs"),
        ("conversations", "conversations"),
        ("personas", "personas"),
        ("profiles", "profiles"),
        ("characters of chosen", "chosen_characters"),
        ("characters of rejected", "rejected_characters"),
        ("share of pairs whose chosen reply is the longer one", "chosen_is_longer"),
        ("length of chosen to rejected (geometric mean)", "length_ratio"),
        ("median margin", "median_margin"),
    )
    for title, key in rows:
        lines.append(f"| {title} | {_shown(manifest['train'][key])} | {_shown(manifest['eval'][key])} |")
    for title, key in (("turn", "turns"), ("chosen by", "chosen_by")):
        for name in dict.fromkeys((*manifest["train"][key], *manifest["eval"][key])):
            counts = (manifest[side][key].get(name, 0) for side in ("train", "eval"))
            lines.append(f"| {title} {_code(name)} | " + " | ".join(map(str, counts)) + " |")
    if warning:
        lines += ["", f"**Length:** {warning}."]
    lines += ["", f"Of {manifest['comparisons']} comparisons these made no row:", ""]
    lines += [f"- {count} {reason}" for reason, count in manifest["dropped"].items()] or ["- none"]
    return "\n".join((*lines, ""))


def _origin(manifest: dict[str, Any]) -> str:
    judges = ", ".join(f"{_code(name)} ({count})" for name, count in manifest["judges"].items())
    origin = {"options": manifest["options"], "runs": manifest["runs"]}
    # JSON has no line that could end the block: a line break inside a text is escaped.
    return f"""## Origin

Judges, with the pairs that each decided: {judges}.

```json
{json.dumps(origin, indent=2)}
```
"""


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _code(text: str) -> str:
    """A code span in a table: nothing in it is read as markup."""
    plain = "".join(character if character.isprintable() and character not in "`|" else " " for character in str(text))
    return f"`{plain.strip() or ' '}`"
