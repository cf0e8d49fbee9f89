"""Judges that load a model: log-probabilities and rewards as one computes them by hand, whatever is remembered or batched."""

import asyncio
import builtins
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from judging import ABOUT, CONTEXT, GENERIC, compared, scored

from interalign.agents import Context, LikelihoodJudge, Message, RewardModelJudge
from interalign.agents.judges.chats import chat_of, informed_chat
from interalign.errors import ConfigError, MissingError
from interalign.sim import torch_models
from interalign.sim.engines.base import wire_messages
from interalign.sim.hf_models import hf_folder, load_hf, load_tokenizer
from interalign.sim.torch_logprobs import TorchLogProbs
from interalign.sim.torch_models import render
from interalign.sim.torch_rewards import TorchRewards

pytestmark = pytest.mark.usefixtures("tiny_cache", "_one_thread")


@pytest.fixture
def _one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def weights(tiny_gguf: Path) -> str:
    return f"embedded:{tiny_gguf}"


@pytest.fixture
def reward_folder(weights: str, tmp_path: Path) -> Path:
    """A random classifier with one output, and the tokenizer of the tiny model."""
    return classifier(weights, tmp_path / "reward", outputs=1)


def classifier(weights: str, folder: Path, outputs: int) -> Path:
    from transformers import LlamaConfig, LlamaForSequenceClassification

    torch.manual_seed(0)
    tokenizer = load_tokenizer(weights)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 16, "intermediate_size": 32, "max_position_embeddings": 2048}
    heads = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
    config = LlamaConfig(**sizes, **heads, num_labels=outputs, pad_token_id=2)
    LlamaForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def by_hand(weights: str, chat: Any, reply: str) -> float:
    """One forward pass over the whole text, nothing remembered."""
    model, tokenizer = load_hf(weights)
    before = render(tokenizer, wire_messages(chat))
    after = tokenizer(reply, add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([before + after])).logits[0]
    logs = logits.log_softmax(-1)
    return sum(float(logs[len(before) + place - 1, token]) for place, token in enumerate(after)) / len(after)


# -- likelihood ----------------------------------------------------------------------------------


def test_log_probabilities_are_those_of_one_pass_over_the_text(weights: str) -> None:
    chat = informed_chat(CONTEXT)
    found = TorchLogProbs(weights).measure(chat, [ABOUT, "Eggs!", "🦜 ok"])
    expected = [by_hand(weights, chat, reply) for reply in (ABOUT, "Eggs!", "🦜 ok")]
    assert [one.mean for one in found] == pytest.approx(expected, abs=1e-4)


def test_the_gain_is_the_difference_that_the_persona_makes(weights: str) -> None:
    from interalign.agents.prompts import load_prompt

    verdict = compared(LikelihoodJudge(TorchLogProbs(weights), margin=0))
    plain = chat_of(CONTEXT, load_prompt("friend"))
    gains = [
        by_hand(weights, informed_chat(CONTEXT), reply) - by_hand(weights, plain, reply) for reply in (ABOUT, GENERIC)
    ]
    assert verdict.scores == pytest.approx(gains, abs=1e-4)
    assert verdict.outcome == ("a" if gains[0] > gains[1] else "b")
    assert verdict.margin == pytest.approx(abs(gains[0] - gains[1]), abs=1e-4)


def test_what_is_remembered_changes_nothing_to_the_bit(weights: str) -> None:
    warm = TorchLogProbs(weights)
    contexts = [Context(history=(Message("user", text),), persona=CONTEXT.persona) for text in ("Hi.", "Bye now.", "x")]
    first = [warm.measure(informed_chat(context), [ABOUT, GENERIC]) for context in contexts]
    again = [warm.measure(informed_chat(context), [ABOUT, GENERIC]) for context in reversed(contexts)]
    cold = [TorchLogProbs(weights).measure(informed_chat(context), [ABOUT, GENERIC]) for context in contexts]
    assert first == again[::-1] == cold


def test_few_system_messages_are_remembered(weights: str) -> None:
    logprobs = TorchLogProbs(weights)
    for place in range(9):
        logprobs.measure(chat_of(CONTEXT, f"You are number {place}."), ["Yes."])
    assert len(logprobs._systems) == 4


def test_a_real_likelihood_judge_is_symmetric_to_the_bit(weights: str) -> None:
    judge = LikelihoodJudge(TorchLogProbs(weights), margin=0)
    assert compared(judge, ABOUT, GENERIC) == compared(judge, GENERIC, ABOUT).mirrored()


def test_a_likelihood_is_a_score_around_three(weights: str) -> None:
    judge = LikelihoodJudge(TorchLogProbs(weights))
    verdict = compared(judge)
    one, other = scored(judge, ABOUT).value, scored(judge, GENERIC).value
    assert verdict.scores is not None
    assert one is not None
    assert other is not None
    assert (one > other) == (verdict.scores[0] > verdict.scores[1])
    assert (one > 3) == (verdict.scores[0] > 0)


@pytest.mark.parametrize("reply", ["", "  \n"])
def test_an_empty_reply_is_unscored(weights: str, reply: str) -> None:
    judge = LikelihoodJudge(TorchLogProbs(weights))
    assert (compared(judge, reply, ABOUT).outcome, scored(judge, reply).value) == ("unscored", None)


def test_a_reply_that_the_model_cannot_read_whole_is_unscored(weights: str) -> None:
    verdict = compared(LikelihoodJudge(TorchLogProbs(weights)), "hens " * 600, GENERIC)
    assert verdict.outcome == "unscored"
    assert "tokens, and the model reads 2048" in verdict.reason


def test_a_template_without_a_place_for_the_system_gets_it_with_the_first_message(weights: str) -> None:
    tokenizer = load_tokenizer(weights)
    tokenizer.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
        "{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
    )
    wire = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi."}]
    assert tokenizer.decode(render(tokenizer, wire)) == "user: Be kind.\n\nHi.\n"


def test_the_loop_lives_while_the_model_works(weights: str) -> None:
    logprobs = TorchLogProbs(weights)

    async def main() -> int:
        work = asyncio.create_task(logprobs.of_replies(informed_chat(CONTEXT), [ABOUT], None, key="k"))  # type: ignore[arg-type]
        ticks = 0
        while not work.done():
            await asyncio.sleep(0)
            ticks += 1
        return ticks

    assert asyncio.run(main()) > 1


# -- rewards -------------------------------------------------------------------------------------


def test_rewards_are_the_classifiers_output_on_the_whole_chat(reward_folder: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    verdict = compared(RewardModelJudge(TorchRewards(str(reward_folder))))
    model = AutoModelForSequenceClassification.from_pretrained(reward_folder)
    tokenizer = load_tokenizer(str(reward_folder))
    expected = []
    for reply in (ABOUT, GENERIC):
        wire = [*wire_messages(informed_chat(CONTEXT)), {"role": "assistant", "content": reply}]
        text = tokenizer.apply_chat_template(wire, tokenize=False)
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            expected.append(float(model(input_ids=ids).logits[0, 0]))
    assert verdict.scores == pytest.approx(expected, abs=1e-5)
    assert verdict == compared(RewardModelJudge(TorchRewards(str(reward_folder))), GENERIC, ABOUT).mirrored()


def test_a_reward_is_a_score_on_the_scale_that_was_set(reward_folder: Path) -> None:
    rewards = TorchRewards(str(reward_folder))
    verdict = compared(RewardModelJudge(rewards))
    assert verdict.scores is not None
    assert scored(RewardModelJudge(rewards, centre=verdict.scores[0])).value == 3.0
    assert scored(RewardModelJudge(rewards, centre=verdict.scores[0] - 5, scale=1)).value == pytest.approx(
        4.97, abs=0.01
    )


def test_what_is_no_reward_model_is_refused(weights: str, reward_folder: Path, tmp_path: Path) -> None:
    wide = classifier(weights, tmp_path / "wide", outputs=3)
    with pytest.raises(ConfigError, match="has 3 outputs; a reward model has one"):
        compared(RewardModelJudge(TorchRewards(str(wide))))
    folder = hf_folder(weights)
    settings = json.loads((folder / "config.json").read_text())
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({**settings, "id2label": {"0": "x"}, "label2id": {"x": 0}}))
    with pytest.raises(ConfigError, match="the weights of its output are not in the file"):
        compared(RewardModelJudge(TorchRewards(str(tmp_path))))


def test_a_reward_model_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"config\.json"):
        compared(RewardModelJudge(TorchRewards(str(tmp_path))))


# -- what they need ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [TorchLogProbs, TorchRewards])
def test_the_extra_that_is_missing_is_named_when_the_judge_is_made(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_models, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"judge needs torch; install it with: pip install 'interalign\[train\]'"):
        make("some/model")


def test_an_embedded_model_that_is_missing_is_named_when_the_judge_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERALIGN_CACHE", str(tmp_path))
    with pytest.raises(MissingError, match="interalign models pull smollm2-135m"):
        TorchLogProbs()


def test_making_a_judge_loads_no_torch(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    really = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        assert name not in ("torch", "transformers"), "loaded too early"
        return really(name, *rest)

    for name in ("interalign.sim.torch_logprobs", "interalign.sim.torch_rewards"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refuse)
    from interalign.sim.torch_logprobs import TorchLogProbs as Fresh

    Fresh(weights)
