"""Latency from text to labels: a bundle against encoders of mBERT's and BERT-tiny's shape and a pre-trained
one, all in int8; and the TFLite file against itself without short signatures, and against the ONNX file.

    python bench/latency_peers.py --data MTOP_FOLDER --bundle BUNDLE --encoder MINILM_FOLDER [--json FILE]

One thread, the texts of the split with their real lengths, tokenizers included, all contenders in turns in
one process (the rules: edgekd/bench/runner/measure.py). The first run exports the encoders into --work, which
takes some minutes.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from peers import of_shape, pretrained
from rich.console import Console
from rich.table import Table

from edgekd.bench.figures import microseconds, size, times
from edgekd.bench.run import pick_split
from edgekd.bench.runner.machine import is_busy, machine
from edgekd.bench.runner.measure import Latency, Rules, draw_texts, measure, ratio
from edgekd.bench.verdict import NOISY
from edgekd.cli import run
from edgekd.data.load import load_dataset, read_texts
from edgekd.files import write_json
from edgekd.runtime import Bundle
from edgekd.runtime.backends import open_backend

THREADS = 1


def main() -> None:
    """Build the peers, time everything, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="labelled data, as for edgekd bench")
    parser.add_argument("--split", help="default: dev, or the only one")
    parser.add_argument("--bundle", required=True, type=Path)
    parser.add_argument(
        "--encoder", required=True, help="folder of a transformers encoder with tokenizer.json"
    )
    parser.add_argument(
        "--texts", help="plain text that the mBERT-shaped encoder's word pieces are trained on as well"
    )
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each contender, at least")
    parser.add_argument("--work", type=Path, default=Path("build/peers"))
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()

    dataset = load_dataset(given.data)
    split, examples = pick_split(dataset, given.split)
    texts = draw_texts([example.text for example in examples])
    bundle = Bundle.load(given.bundle, given.runtime, THREADS)
    corpus = [example.text for examples in dataset.splits.values() for example in examples]
    corpus += [text for text, _ in read_texts(given.texts)] if given.texts else []
    peers = [
        of_shape("mBERT", given.work / "mbert", corpus, bundle.labels),
        of_shape("BERT-tiny", given.work / "bert-tiny", corpus, bundle.labels),
        pretrained(given.work / "encoder", given.encoder, bundle.labels),
    ]
    on = machine()
    running = {peer.name: peer.open(THREADS) for peer in peers}
    itself = _otherwise(bundle)
    contenders = {"edgekd": bundle.predict} | {name: other.predict for name, other in itself.items()}
    latencies = measure(contenders | running, texts, Rules(min_seconds=given.seconds))

    file = bundle.manifest.files[bundle.runtime.file]
    found = {
        "data": {
            "name": dataset.name,
            "split": split,
            "chars_p50": float(np.median([len(text) for text in texts])),
        },
        "threads": THREADS,
        "machine": on,
        "edgekd": {
            "bundle": bundle.manifest.name,
            "what": f"{bundle.runtime.name} {bundle.runtime.version}, {file.scheme}",
            "bytes": file.bytes,
            "latency": latencies["edgekd"].to_dict(),
        },
        "edgekd otherwise": {
            name: {
                "bytes": other.manifest.files[other.runtime.file].bytes,
                "latency": latencies[name].to_dict(),
                "times_slower": _ratio(latencies[name], latencies["edgekd"]),
            }
            for name, other in itself.items()
        },
        "peers": {
            peer.name: {
                "what": peer.what,
                "bytes": peer.model.stat().st_size,
                "subwords_p50": float(np.median(running[peer.name].subwords(texts))),
                "latency": latencies[peer.name].to_dict(),
                "times_slower": _ratio(latencies[peer.name], latencies["edgekd"]),
            }
            for peer in peers
        },
    }
    if given.json:
        write_json(given.json, found)
    _print(found)


def _otherwise(bundle: Bundle) -> dict[str, Bundle]:
    """The same student with the longest signature for every text, and in ONNX Runtime where it can be had."""
    others = {}
    file = bundle.manifest.files[bundle.runtime.file]
    if len(file.signatures) > 1:
        longest = replace(file, signatures=file.signatures[-1:])
        manifest = replace(bundle.manifest, files={bundle.runtime.file: longest})
        others["one length"] = Bundle(
            manifest, bundle.runtime, open_backend(bundle.runtime, manifest, THREADS)
        )
    if bundle.runtime.name != "onnxruntime" and "onnx" in bundle.manifest.files:
        others["ONNX Runtime"] = Bundle.load(bundle.manifest.folder, "onnxruntime", THREADS)
    return others


def _ratio(latency: Latency, student: Latency) -> dict[str, Any]:
    return dict(zip(("p50", "interval"), ratio(latency, student), strict=True))


def _print(found: dict) -> None:
    title = f"text to labels, {found['data']['name']} {found['data']['split']}, {THREADS} thread"
    table = Table("", "file", "p50", "p90", "p99", "slower", title=title)
    student = {found["edgekd"]["bundle"]: found["edgekd"]}
    for name, one in (student | found["edgekd otherwise"] | found["peers"]).items():
        latency, slower = one["latency"], one.get("times_slower")
        table.add_row(
            name,
            size(one["bytes"]),
            microseconds(latency["p50_us"]),
            microseconds(latency["p90_us"]),
            microseconds(latency["p99_us"]),
            f"{times(slower['p50'])} ({' – '.join(times(end) for end in slower['interval'])})"
            if slower
            else "",
        )
    console = Console(highlight=False)
    console.print(table)
    for name, one in found["peers"].items():
        console.print(f"{name}: {one['what']}", soft_wrap=True)
    if is_busy(found["machine"]):
        console.print(f"{NOISY}, nor the ratios: a long call is interrupted more often than a short one.")


if __name__ == "__main__":
    run(main)
