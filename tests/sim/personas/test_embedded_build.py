"""A build on the real embedded model: poor, but real."""

from pathlib import Path

import pytest

from interalign.agents import Profile, read_jsonl
from interalign.config import parse_config
from interalign.sim import run
from interalign.sim.models import MODELS, is_whole
from interalign.sim.personas import BuildConfig, build_pool

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.xdist_group("embedded"),
    pytest.mark.skipif(
        not is_whole(MODELS["smollm2-135m"]), reason="needs: interalign models pull smollm2-135m (make test does it)"
    ),
]


def test_a_small_model_writes_somebody_new(tmp_path: Path) -> None:
    data = {
        "build": {"target": 21, "batch": 1, "parallel": 2, "examples": 3},
        "filter": {"min_items": 2},
        "models": {"smollm2": {"engine": "embedded"}},
        "writer": {"role": "interalign.agents.persona_writer:FewShotWriter", "parameters": {"max_tokens": 80}},
    }
    summary = run(lambda: build_pool(parse_config(data, BuildConfig), tmp_path))
    assert summary.stopped == "target: the pool has 21"
    assert summary.tokens > 500
    (new,) = read_jsonl(tmp_path / "accepted.jsonl", Profile)
    assert len(new.facts) >= 2
    assert run(lambda: build_pool(parse_config(data, BuildConfig), tmp_path)).calls == 0
