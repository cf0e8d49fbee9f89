"""Make what the vLLM test serves: the embedded model as a Hugging Face folder, and a small random LoRA adapter of it.

python make_vllm_model.py MODEL.gguf FOLDER      writes FOLDER/base and FOLDER/adapter; needs transformers, peft, gguf
"""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(gguf: Path, folder: Path) -> None:
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    # The weights are plain again; the marks of the file they came from would make a loader look for quantised ones.
    model.hf_quantizer = None
    model.is_quantized = False
    for mark in ("quantization_config", "_pre_quantization_dtype"):
        if hasattr(model.config, mark):
            delattr(model.config, mark)
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    tuned = get_peft_model(model, LoraConfig(r=8, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    tuned.save_pretrained(folder / "adapter")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
