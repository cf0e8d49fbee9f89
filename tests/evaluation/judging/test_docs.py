"""docs/judge-card.md: its config is one, and names a judge that can be made."""

import re
import tomllib
from pathlib import Path

from interalign.config import parse_config
from interalign.sim import RunConfig
from interalign.sim.judging import make_judge

TEXT = (Path(__file__).parents[3] / "docs/judge-card.md").read_text(encoding="utf-8")


def test_the_judge_of_the_config_has_the_name_of_its_table() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    config = parse_config(tomllib.loads(text), RunConfig, ["cast.judge={ judge = 'three-votes' }"])
    assert make_judge(config).name == "three-votes"
