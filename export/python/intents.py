#!/usr/bin/env python3
"""Labels and slots of texts, as JSON lines.

    python intents.py bundle/ "wake me up at seven tomorrow"
    tail -f transcripts.txt | python intents.py bundle/

Needs numpy and tflite-runtime (numpy below 2), or ai-edge-litert where Python is newer than 3.11.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

FORMAT, FORMAT_VERSION = "edgekd-bundle", 1


class BundleError(Exception):
    """The bundle cannot be used; the message says why."""


class Intents:
    """A bundle, ready to be asked. Not for several threads at once."""

    def __init__(self, folder):
        folder = Path(folder)
        self.manifest = read_manifest(folder)
        path, entry = find_model(folder, self.manifest["files"])
        interpreter = _interpreter()(model_path=str(path), num_threads=1)
        self._signatures = [
            (one["chars"], one["tokens"], interpreter.get_signature_runner(one["name"]))
            for one in sorted(entry["signatures"], key=lambda one: one["chars"])
        ]

    def predict(self, text):
        """The answer as a dict: labels, scores, slots, out_of_scope, out_of_scope_score, truncated.

        Slots have `start` and `end` (exclusive) in characters of `text`.
        """
        outputs, truncated = self.run(text)
        return {**decode(self.manifest, text, outputs), "truncated": truncated}

    def run(self, text):
        """The model's outputs, with the rows of tokens only, and whether the end of the text was not seen."""
        longest = self._signatures[-1][0]
        codepoints = [ord(character) for character in text[:longest]]
        for chars, tokens, runner in self._signatures:  # the smallest that holds the text
            if len(codepoints) > chars:
                continue
            padded = np.zeros((1, chars), np.int32)
            padded[0, : len(codepoints)] = codepoints
            outputs = runner(**{self.manifest["input"]["name"]: padded})
            count = int(outputs["token_count"][0])
            if count <= tokens:
                break
        rows = {name: value[0] for name, value in outputs.items() if name != "token_count"}
        for name in ("tag_logits", "token_spans"):
            if name in rows:
                rows[name] = rows[name][:count]
        return {**rows, "token_count": count}, count > tokens or len(text) > longest


def decode(manifest, text, outputs):
    """From numbers to names; `outputs` as `Intents.run` gives them."""
    labels, scores, slots, strange = [], [], [], None
    if manifest["labels"]:
        logits = np.asarray(outputs["label_logits"], np.float64)
        if manifest["task"] == "multilabel":
            chosen = np.flatnonzero(logits > 0)
            probabilities = 1 / (1 + np.exp(-logits))
        else:
            chosen = [int(logits.argmax())]
            probabilities = np.exp(logits - logits.max())
            probabilities /= probabilities.sum()
            strange = out_of_scope_score(manifest, probabilities)
        labels = [manifest["labels"][i] for i in chosen]
        scores = [float(probabilities[i]) for i in chosen]
    if manifest["slots"]:
        tags = [manifest["tags"][i] for i in best_tags(np.asarray(outputs["tag_logits"], np.float64))]
        slots = [
            {"slot": slot, "start": start, "end": end, "text": text[start:end]}
            for slot, start, end in spans(tags, outputs["token_spans"])
        ]
    return {
        "labels": labels,
        "scores": scores,
        "slots": slots,
        "out_of_scope": strange is not None and strange > manifest["out_of_scope"]["threshold"],
        "out_of_scope_score": strange,
    }


def out_of_scope_score(manifest, probabilities):
    """1 minus the best probability of a real label; None where the bundle has no threshold."""
    if "out_of_scope" not in manifest:
        return None
    own = manifest["out_of_scope"]["label"]
    return 1 - max(p for p, label in zip(probabilities.tolist(), manifest["labels"]) if label != own)


def best_tags(logits):
    """The most probable BIO tags (O, B-a, I-a, B-b, I-b, ...) in which each I- continues its own slot.

    Mostly the best tag of each token; where that makes no sense, Viterbi's algorithm.
    """
    best = logits.argmax(axis=-1).tolist() if len(logits) else []
    if all(tag == 0 or tag % 2 or before in (tag, tag - 1) for before, tag in zip([0, *best], best)):
        return best
    shifted = logits - logits.max(axis=-1, keepdims=True)
    scores = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    tags = np.arange(scores.shape[1])
    inside = (tags > 0) & (tags % 2 == 0)
    total = np.where(inside, -np.inf, scores[0])
    origins = []
    for score in scores[1:]:
        origin = np.full(len(total), total.argmax())
        begin = tags[inside] - 1
        origin[inside] = np.where(total[begin] >= total[begin + 1], begin, begin + 1)
        total = total[origin] + score
        origins.append(origin)
    path = [int(total.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]


def spans(tags, token_spans):
    """Tags joined into (slot, start, end)."""
    joined, before = [], ""
    for tag, (start, end) in zip(tags, token_spans):
        prefix, _, slot = tag.partition("-")
        if slot and prefix == "I" and slot == before:
            joined[-1] = (slot, joined[-1][1], int(end))
        elif slot:
            joined.append((slot, int(start), int(end)))
        before = slot
    return joined


def read_manifest(folder):
    """edgekd.json, checked."""
    try:
        manifest = json.loads((folder / "edgekd.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{folder} is not a bundle: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{folder}/edgekd.json is not the description of a bundle")
    if manifest.get("format_version") != FORMAT_VERSION:
        version = manifest.get("format_version")
        raise BundleError(f"{folder} has format version {version}; this script reads {FORMAT_VERSION}")
    missing = {"task", "labels", "slots", "tags", "input", "files"} - set(manifest)
    if missing:
        raise BundleError(f"{folder}/edgekd.json lacks {', '.join(sorted(missing))}")
    return manifest


def find_model(folder, files):
    """The path of the TFLite file and its entry in edgekd.json, once its checksum is right."""
    name = next((name for name, entry in files.items() if entry["runtime"] == "tflite"), None)
    if name is None:
        raise BundleError(f"{folder} has no TFLite file: export it again with --formats tflite")
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise BundleError(f"{folder}/edgekd.json names a file outside the bundle: {name!r}")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder / name} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != files[name]["sha256"]:
        raise BundleError(f"{folder / name} is damaged: its checksum is not the one in edgekd.json")
    return folder / name, files[name]


def _interpreter():
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError:
        from ai_edge_litert.interpreter import Interpreter
    return Interpreter


def main(arguments):
    if not arguments:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        intents = Intents(arguments[0])
    except BundleError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    for text in arguments[1:] or (line.rstrip("\r\n") for line in sys.stdin):
        # ASCII, so that no terminal or pipe stumbles over a script or a lone surrogate.
        print(json.dumps({"text": text, **intents.predict(text)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
