"""Shared fixtures: personas, a scripted run, and the embedded model's folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Persona
from interalign.config import parse_config
from interalign.sim import RunConfig, run, simulate

HOSTILE = "{0} {name} $x ${y} <script>alert(1)</script> </script> \"quotes\" 'single' \\n 🦜 \u202eright-to-left\u202c"


@pytest.fixture
def persona() -> Persona:
    return Persona(
        id="p1",
        facts=("I keep six hens behind the garage.", "My sister drives a night bus.", "I bake rye bread on Sundays."),
        traits=("Long answers make me stop reading.", "I laugh at my own jokes first."),
    )


@pytest.fixture
def config() -> Callable[..., RunConfig]:
    """Make a small scripted config; keywords replace or add sections."""

    def make(**sections: Any) -> RunConfig:
        data = {"run": {"conversations": 3, "turns": 3}, "models": {"script": {"engine": "scripted"}}, **sections}
        return parse_config(data, RunConfig)

    return make


@pytest.fixture(scope="session")
def scripted_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of six conversations and four turns on the scripted engine. Only look at it."""
    out = tmp_path_factory.mktemp("runs") / "scripted"
    data = {"run": {"conversations": 6, "turns": 4}, "models": {"script": {"engine": "scripted"}}}
    run(lambda: simulate(parse_config(data, RunConfig), out))
    return out


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random language model that the embedded engine and the trainers can load. Only look at it; use it with `tiny_cache`."""
    from tiny_gguf import write_tiny_gguf

    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="session")
def _tiny_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def tiny_cache(_tiny_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is made of the tiny model is kept here, for all tests of a session, and not in the user's cache folder."""
    monkeypatch.setenv("INTERALIGN_CACHE", str(_tiny_cache))
    return _tiny_cache
