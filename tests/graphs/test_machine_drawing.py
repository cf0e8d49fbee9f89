"""The diagram of the dialogue machine: what is compiled is what is drawn, and names are no markup."""

from xml.etree import ElementTree

import pytest

from interalign.graphs import compile_dialogue, dialogue_graph
from interalign.graphs.drawing import machine_image, machine_mermaid
from interalign.graphs.machine import Dialogue


async def _own(state: object, runtime: object) -> None:
    pass


@pytest.fixture(scope="module")
def extended() -> Dialogue:
    graph = dialogue_graph()
    graph.add_node("critic", _own)
    graph.add_edge("branch", "critic")
    return compile_dialogue(graph)


def words(svg: bytes) -> set[str]:
    return {
        text.strip() for element in ElementTree.fromstring(svg).iter() for text in element.itertext() if text.strip()
    }


def test_every_node_and_edge_is_in_the_mermaid_text() -> None:
    text = machine_mermaid(compile_dialogue())
    nodes = ("start", "user", "plain", "induce", "hinted", "branch", "judge", "settle", "end")
    assert all(f'"{name}"' in text for name in nodes)
    assert text.count("-->") == 8
    assert text.count("-.->") == 2
    assert ":::own" not in text


def test_a_node_of_ones_own_is_drawn_and_marked(extended: Dialogue) -> None:
    assert '["critic"]:::own' in machine_mermaid(extended)
    assert "critic" in words(machine_image(extended))


def test_who_plays_stands_at_the_node() -> None:
    players = {"plain": "one: qwen\ntwo: llama"}
    assert '["plain<br>one: qwen<br>two: llama"]' in machine_mermaid(compile_dialogue(), players)
    assert {"one: qwen", "two: llama"} <= words(machine_image(compile_dialogue(), players=players))


def test_hostile_names_stay_text() -> None:
    players = {"user": '"]; click n1 href "javascript:alert(1)"\n<script>$x^2$ & %%'}
    text = machine_mermaid(compile_dialogue(), players)
    assert "<script>" not in text
    assert text.count('"') == 2 * 9
    assert b"<script" not in machine_image(compile_dialogue(), players=players)


def test_the_same_machine_gives_the_same_bytes() -> None:
    for format in ("svg", "png"):
        assert machine_image(compile_dialogue(), format) == machine_image(compile_dialogue(), format)
    assert machine_image(compile_dialogue(), "png").startswith(b"\x89PNG")
