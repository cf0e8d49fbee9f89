"""train_dpo: trees -> pairs -> SFT -> DPO, on a tiny random model, to see every step in half a minute.

    python examples/train_dpo.py                          # a model of 30,000 weights made on the spot: learns nothing of use
    python examples/train_dpo.py embedded:smollm2-135m    # the small real one (after `interalign models pull`); minutes

Needs the extra `train`. The scripted engine plays the conversations; see examples/full_loop.toml for all of it in earnest.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import interalign as ia
from interalign.training import DPOSettings, PairOptions, SFTSettings, make_pairs, train

RUN = {"run": {"conversations": 12, "turns": 3}, "models": {"script": {"engine": "scripted"}}}


def tiny_model(folder: Path) -> str:
    """A random Llama of two layers with a tokenizer that knows bytes, saved as any Hugging Face model is."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from transformers.utils import logging

    logging.disable_progress_bar()

    special = ["<|end|>", "<|pad|>", "<|user|>", "<|assistant|>"]
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(
        [], trainers.BpeTrainer(initial_alphabet=alphabet, special_tokens=special, show_progress=False)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|end|>", pad_token="<|pad|>")
    tokenizer.chat_template = (
        "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes, **ends)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def main(model: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(ia.simulate(ia.RunConfig.model_validate(RUN), folder / "run"))
        made = make_pairs([folder / "run"], folder / "pairs", PairOptions(eval_share=0.2))
        counts = (made.manifest[part]["pairs"] for part in ("train", "eval"))
        print("{} pairs to train on, {} of other personas to look at".format(*counts))
        print(f"  {made.warning}")
        common = {
            "model": model or tiny_model(folder / "tiny"),
            "data": str(folder / "pairs"),
            "max_steps": 6,
            "batch": 4,
        }
        sft = train(SFTSettings.model_validate({"train": common}), folder / "sft")
        dpo = train(DPOSettings.model_validate({"train": {**common, "start": str(sft.folder)}}), folder / "dpo")
        for method, done in (("SFT", sft), ("DPO", dpo)):
            print(f"{method}: {done.steps} steps on {done.manifest['rows']} rows, packing {done.manifest['packing']}")
            for when, figures in done.manifest["evaluation"].items():
                for name, value in figures.items():
                    print(f"  {when:6} {name:18} {value:9.3f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
