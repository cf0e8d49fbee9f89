"""tree_training: DPO on packed trees beside TRL's DPOTrainer on the same pairs, LoRA, one optimizer step every ten pairs.

    python benchmarks/tree_training.py [--model embedded:smollm2-135m] [--trees 1] [--turns 10] [--candidates 2] [--rounds 3]
                                       [--batches 1,2,4] [--precision float32] [--json FILE]

Each trainer lives in a process of its own, so that its peak memory is its own. TRL first tries the batch sizes, its rows in order
of length, so that little is padded; then its best one and ours take turns, and the medians of the rounds are compared. On a GPU
the table has utilisation, too. Needs: pip install 'interalign[train]', interalign models pull smollm2-135m
"""

import argparse
import multiprocessing
import os
import random
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from common import arguments, report

TEXT = (
    "my hens stopped laying after the frost and I wonder whether the barn is too dark for them in winter because nobody else "
    "here keeps birds any more which makes it hard to ask so tell me what you would do about the light"
)
WORDS = TEXT.split(" ")
PAIRS_PER_STEP = 10


@dataclass(frozen=True)
class Variant:
    """One way to train."""

    name: str
    batch: int | None = None
    """TRL's batch size; None for packed trees."""
    before: bool = False
    """Whether the reference is asked before the first step, outside the seconds of the steps."""


def rows_of(trees: int, turns: int, candidates: int) -> list[dict[str, Any]]:
    """Walks: at each turn one of the replies is continued; the first reply is preferred to each of the others."""
    rng = random.Random(0)

    def say(role: str, least: int, most: int) -> dict[str, str]:
        return {"role": role, "content": " ".join(rng.choices(WORDS, k=rng.randint(least, most)))}

    rows = []
    for tree in range(trees):
        history: list[dict[str, str]] = []
        for _ in range(turns):
            prompt = [*history, say("user", 10, 30)]
            replies = [say("assistant", 20, 45) for _ in range(candidates)]
            rows += [
                {"prompt": prompt, "chosen": replies[:1], "rejected": [o], "conversation_id": tree} for o in replies[1:]
            ]
            history = [*prompt, rng.choice(replies)]
    return rows


def worker(pipe: Any, variant: Variant, options: argparse.Namespace) -> None:
    """Load, then train over all pairs once for each message that comes in."""
    os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()  # TRL would find what it has precomputed before
    import warnings

    warnings.filterwarnings("ignore")
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers.utils import logging

    from interalign.sim.hf_models import load_hf

    logging.set_verbosity_error()
    torch.manual_seed(0)
    model, tokenizer = load_hf(options.model, dtype=options.precision)
    model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
    rows = rows_of(options.trees, options.turns, options.candidates)
    started = time.perf_counter()
    trainer = (trl_trainer if variant.batch else tree_trainer)(variant, options, model, tokenizer, rows)
    setup = time.perf_counter() - started if variant.before else None
    trainer.remove_callback(logging_callback())
    tokens = sum(batch["input_ids"].numel() for batch in trainer.get_train_dataloader())
    while pipe.recv():
        if not variant.batch and not variant.before:
            trainer._known_2n.fill_(torch.nan)  # or the second round would know the reference already
        started, cpu = time.perf_counter(), time.process_time()
        trainer.train()
        figures = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
        pipe.send({**figures, "tokens": tokens, "setup": setup, "peak": peak_memory(), **device_figures(trainer)})


def common_arguments(options: argparse.Namespace) -> dict[str, Any]:
    import torch

    return {
        "use_cpu": not torch.cuda.is_available(),
        "output_dir": tempfile.mkdtemp(),
        "report_to": "none",
        "num_train_epochs": 1,
        "save_strategy": "no",
        "logging_steps": 1000,
        "disable_tqdm": True,
        "bf16": options.precision == "bfloat16",
        "activation_checkpointing": False,
        "train_sampling_strategy": "sequential",
        "dataloader_pin_memory": False,
    }


def trl_trainer(
    variant: Variant, options: argparse.Namespace, model: Any, tokenizer: Any, rows: list[dict[str, Any]]
) -> Any:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    assert variant.batch
    by_length = sorted(rows, key=lambda row: len(str(row)))
    data = Dataset.from_list([{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in by_length])
    args = DPOConfig(
        **common_arguments(options),
        max_length=None,
        per_device_train_batch_size=variant.batch,
        gradient_accumulation_steps=max(1, PAIRS_PER_STEP // variant.batch),
        precompute_ref_log_probs=variant.before,
    )
    return DPOTrainer(model, args=args, train_dataset=data, processing_class=tokenizer)


def tree_trainer(
    variant: Variant, options: argparse.Namespace, model: Any, tokenizer: Any, rows: list[dict[str, Any]]
) -> Any:
    from interalign.training.packing import TreeArguments, TreeDPOTrainer

    args = TreeArguments(
        **common_arguments(options),
        rows_per_step=PAIRS_PER_STEP,
        token_budget=options.budget,
        precompute_reference=variant.before,
    )
    return TreeDPOTrainer(model, args, rows, (), tokenizer)


def logging_callback() -> Any:
    from transformers import PrinterCallback

    return PrinterCallback


def peak_memory() -> float:
    """MB: of the GPU if there is one, of the process if not."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def device_figures(trainer: Any) -> dict[str, float]:
    """On a GPU: parameters besides the embeddings, and the speed that a large multiplication of matrices reaches."""
    import torch

    if not torch.cuda.is_available():
        return {}
    model = trainer.model
    embeddings = model.get_input_embeddings().weight.numel()
    a = torch.randn(8192, 8192, device="cuda", dtype=model.dtype)
    a @ a
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(20):
        a @ a
    torch.cuda.synchronize()
    peak = 20 * 2 * 8192**3 / (time.perf_counter() - started)
    return {"parameters": sum(p.numel() for p in model.parameters()) - embeddings, "flops": peak}


class Worker:
    """A variant's process."""

    def __init__(self, variant: Variant, options: argparse.Namespace) -> None:
        context = multiprocessing.get_context("spawn")
        self.variant, self.rounds = variant, []
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=worker, args=(theirs, variant, options), daemon=True)
        self.process.start()
        theirs.close()

    def round(self) -> float:
        self.pipe.send(True)
        self.rounds.append(self.pipe.recv())
        print(f"{self.variant.name}: {self.rounds[-1]['seconds']:.1f} s", flush=True)
        return self.rounds[-1]["seconds"]

    def close(self) -> None:
        self.pipe.send(False)
        self.process.join()


def row_of(worker: Worker, pairs: int, slowest: float) -> dict[str, Any]:
    seconds = statistics.median(figures["seconds"] for figures in worker.rounds)
    last = worker.rounds[-1]
    row = {
        "trainer": worker.variant.name,
        "pairs/s": pairs / seconds,
        "times TRL": slowest / seconds,
        "tokens": last["tokens"],
        "tokens/s": round(last["tokens"] / seconds),
        "CPU s a pair": statistics.median(figures["cpu"] for figures in worker.rounds) / pairs,
        "reference before, s": last["setup"],
        "peak MB": round(last["peak"]),
        "rounds": len(worker.rounds),
    }
    if "flops" in last:
        passes = 4 if worker.variant.before else 6
        row["utilisation"] = passes * last["parameters"] * last["tokens"] / seconds / last["flops"]
    return row


def best_batch(options: argparse.Namespace) -> tuple[int, list[Worker]]:
    tried = []
    for batch in options.batches:
        tried.append(Worker(Variant(f"TRL, batch {batch}", batch), options))
        tried[-1].round()
        tried[-1].close()
    return min(zip(options.batches, tried, strict=True), key=lambda pair: pair[1].rounds[0]["seconds"])[0], tried


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--model", default="embedded:smollm2-135m")
    for name, default in (("trees", 1), ("turns", 10), ("candidates", 2), ("rounds", 3), ("budget", 2048)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--batches", type=lambda text: [int(part) for part in text.split(",")], default=[1, 2, 4])
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()
    pairs = len(rows_of(options.trees, options.turns, options.candidates))
    batch, tried = best_batch(options)
    variants = [
        Variant(f"TRL, batch {batch}", batch),
        Variant("trees"),
        Variant(f"TRL, batch {batch}, reference before", batch, before=True),
        Variant("trees, reference before", before=True),
    ]
    workers = [Worker(variant, options) for variant in variants]
    for _ in range(options.rounds):
        for one in workers:
            one.round()
    for one in workers:
        one.close()
    medians = [statistics.median(figures["seconds"] for figures in one.rounds) for one in workers]
    others = [row_of(one, pairs, medians[0]) for one in tried if one.variant.batch != batch]
    rows = others + [row_of(one, pairs, medians[2 * (place // 2)]) for place, one in enumerate(workers)]
    notes = [
        f"{options.trees} trees of {options.turns} turns, {options.candidates} candidates: {pairs} pairs. Medians of the rounds.",
        "times TRL: against TRL with the same reference. Its seconds with the reference before are those of the steps alone.",
    ]
    if "utilisation" in rows[-1]:
        notes.append(
            "utilisation: (4, and 2 with the reference) x parameters besides embeddings x tokens/s, of a matmul's speed."
        )
    report("DPO with LoRA: packed trees beside pairs", rows, options.json, notes)


if __name__ == "__main__":
    main()
