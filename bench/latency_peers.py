"""Latency from text to labels: a bundle against an mBERT-shaped and a pre-trained encoder, all in int8.

    python bench/latency_peers.py --data MTOP_FOLDER --bundle BUNDLE --encoder MINILM_FOLDER [--json FILE]

One thread, the texts of the split with their real lengths, tokenizers included, all contenders in turns in
one process (the rules stand in edgekd/bench/measure.py). The first run exports the encoders into --work,
which takes some minutes.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from peers import mbert_shaped, pretrained
from rich.console import Console
from rich.table import Table

from edgekd.bench.figures import microseconds, size, times
from edgekd.bench.machine import is_busy, machine
from edgekd.bench.measure import Rules, draw_texts, measure, ratio
from edgekd.bench.run import pick_split
from edgekd.bench.verdict import BUSY
from edgekd.data.load import load_dataset, read_texts
from edgekd.files import write_json
from edgekd.runtime import Bundle

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
        mbert_shaped(given.work / "mbert", corpus, bundle.labels),
        pretrained(given.work / "encoder", given.encoder, bundle.labels),
    ]
    on = machine()
    running = {peer.name: peer.open(THREADS) for peer in peers}
    latencies = measure({"edgekd": bundle.predict} | running, texts, Rules(min_seconds=given.seconds))

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
        "peers": {
            peer.name: {
                "what": peer.what,
                "bytes": peer.model.stat().st_size,
                "subwords_p50": float(np.median(running[peer.name].subwords(texts))),
                "latency": latencies[peer.name].to_dict(),
                "times_slower": dict(
                    zip(("p50", "interval"), ratio(latencies[peer.name], latencies["edgekd"]), strict=True)
                ),
            }
            for peer in peers
        },
    }
    if given.json:
        write_json(given.json, found)
    _print(found)


def _print(found: dict) -> None:
    title = f"text to labels, {found['data']['name']} {found['data']['split']}, {THREADS} thread"
    table = Table("", "file", "p50", "p90", "p99", "slower", title=title)
    for name, one in {found["edgekd"]["bundle"]: found["edgekd"], **found["peers"]}.items():
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
        console.print(f"{BUSY} So are the ratios: a long call is interrupted more often than a short one.")


if __name__ == "__main__":
    main()
