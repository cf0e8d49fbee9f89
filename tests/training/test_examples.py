"""Rows made to fit a model: a reply is never cut, histories are cut between turns alone."""

import copy
from typing import Any

import pytest

from interalign.errors import ConfigError
from interalign.training.config import MixSection, TrainSection
from interalign.training.examples import check_template, choose_pad_token, fit_rows
from interalign.training.mixing import mix_in

TRAIN = TrainSection(model="m", data="d", max_length=2048)


def conversation(turns: int, system: bool = False, reply: str = "the preferred reply") -> dict[str, Any]:
    prompt = [{"role": "system", "content": "Be kind."}] if system else []
    for turn in range(turns):
        prompt += [
            {"role": "user", "content": f"question number {turn}"},
            {"role": "assistant", "content": f"answer {turn}"},
        ]
    said = [{"role": "assistant", "content": text} for text in (reply, "another")]
    return {"prompt": prompt[:-1], "chosen": said[:1], "rejected": said[1:]}


def length(row: dict[str, Any], tokenizer: Any) -> int:
    return len(tokenizer.apply_chat_template(row["prompt"] + row["chosen"], return_dict=False))


@pytest.mark.parametrize("system", [False, True])
def test_the_oldest_turns_are_left_out_whole(tiny_tokenizer: Any, system: bool) -> None:
    row = conversation(6, system)
    for most in range(60, length(row, tiny_tokenizer) + 1):
        fitted = fit_rows([row], tiny_tokenizer, most)
        if fitted.refused:
            continue
        (kept,) = fitted.rows
        assert length(kept, tiny_tokenizer) <= most
        assert (kept["chosen"], kept["rejected"]) == (row["chosen"], row["rejected"])
        spoken = kept["prompt"][system:]
        assert kept["prompt"][:system] == row["prompt"][:system]
        assert spoken == row["prompt"][-len(spoken) :]
        assert (spoken[0]["role"], spoken[-1]["role"]) == ("user", "user")
        left_out = (len(row["prompt"]) - len(kept["prompt"])) // 2
        assert (fitted.shortened, fitted.turns_left_out) == (bool(left_out), left_out)
        with_one_more = {**row, "prompt": row["prompt"][:system] + row["prompt"][-len(spoken) - 2 :]}
        assert not left_out or length(with_one_more, tiny_tokenizer) > most


def test_a_row_that_fits_is_not_touched(tiny_tokenizer: Any) -> None:
    row = conversation(3)
    fitted = fit_rows([row], tiny_tokenizer, length(row, tiny_tokenizer))
    assert fitted.rows[0] is row
    assert str(fitted) == "1 rows"


@pytest.mark.parametrize("turns", [1, 4])
def test_a_reply_that_is_too_long_is_refused_and_counted(tiny_tokenizer: Any, turns: int) -> None:
    fitted = fit_rows([conversation(turns, reply="too long " * 50), conversation(1)], tiny_tokenizer, 100)
    assert (len(fitted.rows), fitted.refused) == (1, {"the last message and a reply exceed max_length = 100": 1})
    assert "refused: 1 (the last message and a reply exceed max_length = 100)" in str(fitted)


def test_a_bad_row_is_refused_and_counted(tiny_tokenizer: Any) -> None:
    fitted = fit_rows([conversation(1, reply="k"), {"prompt": 1}], tiny_tokenizer, 100)
    assert sum(fitted.refused.values()) == 2
    assert fitted.rows == []


def test_a_template_that_refuses_a_row_is_quoted(tiny_tokenizer: Any) -> None:
    strict = copy.copy(tiny_tokenizer)
    strict.chat_template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system message') }}{% endif %}x"
    fitted = fit_rows([conversation(1, system=True)], strict, 100)
    assert fitted.refused == {"the chat template refuses it: no system message": 1}


# -- tokenizers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (None, "has no chat template"),
        ("{{ messages[0].content }}", "leaves out what was said"),
        ("{{ raise_exception('not today') }}", "fails: not today"),
        ("{% for", "fails: "),
    ],
)
def test_a_wrong_template_is_refused(tiny_tokenizer: Any, template: str | None, words: str) -> None:
    wrong = copy.copy(tiny_tokenizer)
    wrong.chat_template = template
    with pytest.raises(ConfigError, match=words):
        check_template(wrong, "m")


def test_a_missing_padding_token_is_chosen(tiny_tokenizer: Any) -> None:
    without = copy.deepcopy(tiny_tokenizer)
    assert choose_pad_token(without) is None
    without.pad_token = None
    assert choose_pad_token(without) == without.pad_token == "<|pad|>"


# -- mixing --------------------------------------------------------------------------------------


def test_general_data_is_mixed_in_by_share(tiny_tokenizer: Any, tmp_path: Any) -> None:
    path = tmp_path / "general.jsonl"
    said = '{"role": "user", "content": "q"}, {"role": "assistant", "content": "ANSWER"}'
    rows = [f'{{"messages": [{said}, {said}]}}'.replace("ANSWER", f"answer {place}") for place in range(10)]
    path.write_text("\n".join(rows))
    fitted = fit_rows([conversation(1)] * 12, tiny_tokenizer, 2048)
    note = mix_in(fitted, MixSection(file=str(path), share=0.25), tiny_tokenizer, TRAIN)
    assert note == f"mixed in 4 replies of {path} (25% of all)"
    assert len(fitted.rows) == 16
    assert len({str(row) for row in fitted.rows[12:]}) == 4


def test_too_little_general_data_is_said(tiny_tokenizer: Any, tmp_path: Any) -> None:
    path = tmp_path / "general.jsonl"
    path.write_text(
        '{"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "an"}]}'
    )
    fitted = fit_rows([conversation(1)] * 4, tiny_tokenizer, 2048)
    note = mix_in(fitted, MixSection(file=str(path), share=0.5), tiny_tokenizer, TRAIN)
    assert note.endswith("(20% of all); the file has no more, of 4 asked for")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"text": "x"}', "row 1: neither `messages` nor"),
        ('{"messages": [1]}', "row 1: neither `messages` nor"),
        ('{"messages": [{"role": "assistant", "content": "xx"}]}', "nothing to train on: 1 the prompt does not begin"),
        ("", "nothing to train on: it has no rows"),
    ],
)
def test_general_data_that_cannot_be_used_is_refused(tiny_tokenizer: Any, tmp_path: Any, line: str, words: str) -> None:
    path = tmp_path / "general.jsonl"
    path.write_text(line)
    fitted = fit_rows([conversation(1)], tiny_tokenizer, 2048)
    with pytest.raises(ConfigError, match=words):
        mix_in(fitted, MixSection(file=str(path), share=0.5), tiny_tokenizer, TRAIN)
