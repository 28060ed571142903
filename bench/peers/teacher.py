"""The fine-tuned teacher itself: in PyTorch, and exported to ONNX in float32 and int8, tokenizer included.

The exported ones decode as edgekd's teachers do. That the float32 file says what PyTorch says is checked when
it is made; how often the int8 file does is told with its figures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.peers.encoders import TOKENIZER, open_tokenizer
from bench.peers.onnx_file import FLOAT, INT8, OnnxFile, export_encoder
from bench.peers.peer import Peer, Predict, read_labels, write_labels
from bench.peers.sources import Sources
from edgekd.data.examples import Prediction, Task
from edgekd.errors import ParityError, RunError, TeacherError
from edgekd.files import read_json, write_json
from edgekd.teachers.teacher import SoftLabels, well_formed
from edgekd.teachers.units import units_of
from edgekd.text.tokens import tokenize

PYTORCH = "teacher"
_CARD = "edgekd_teacher.json"
_READING = "reading.json"
_CHECKED_TEXTS = 300
_NEAR_TIES = 1  # of these texts may be decided otherwise: floats are summed in another order


def build(sources: Sources) -> Peer:
    """The teacher's folder as it is."""
    files = (_CARD, "config.json", "model.safetensors", TOKENIZER, "tokenizer_config.json")
    return Peer(
        PYTORCH,
        "teacher, PyTorch",
        f"{_what(sources)}; float32",
        __name__,
        sources.teacher,
        files,
        slots=sources.dataset.task.has_slots,
        kind="teacher",
        tokenizer=TOKENIZER,
    )


def exported(key: str) -> Callable[[Sources], Peer]:
    """What builds "teacher-onnx" or "teacher-int8"."""

    def build_exported(sources: Sources) -> Peer:
        card = read_json(sources.teacher / _CARD, TeacherError)
        folder = sources.keep(
            "teacher-onnx", {"teacher": card["fingerprint"]}, lambda fresh: _export(sources, fresh)
        )
        file, scheme = (FLOAT, "float32") if key == "teacher-onnx" else (INT8, "int8")
        return Peer(
            key,
            f"teacher, ONNX Runtime, {scheme}",
            f"{_what(sources)}; {scheme}",
            __name__,
            folder,
            (file, TOKENIZER, "labels.json", _READING),
            {"file": file},
            slots=sources.dataset.task.has_slots,
            kind="teacher",
            copy_of=PYTORCH,
            tokenizer=TOKENIZER,
        )

    return build_exported


def load(folder: Path, file: str | None = None) -> Predict:
    """The teacher in PyTorch, or an exported file of it; texts one at a time."""
    if file is None:
        return _load_pytorch(folder)
    reading, labels = read_json(folder / _READING, RunError), read_labels(folder)
    task, most = Task(reading["task"]), reading["max_length"]
    subwords, network = open_tokenizer(folder / TOKENIZER, most), OnnxFile(folder / file)
    none = np.zeros((0, 2), np.int32)

    def predict(text: str) -> Prediction:
        # A huge text is cut before it is tokenized, as edgekd's teachers cut it.
        text = well_formed(text)[: most * 64]
        encoded = subwords.encode(text)
        ids = np.array([encoded.ids])
        outputs = network(ids=ids, mask=np.ones_like(ids))
        logits, tags = outputs["label_logits"][0], outputs.get("tag_logits")
        if tags is None:
            return SoftLabels(logits, none, None).decode(labels, task)
        units = units_of(text, tokenize(text), encoded.offsets)
        spans = np.array([(unit.start, unit.end) for unit in units], np.int32).reshape(-1, 2)
        at = np.array([unit.subword for unit in units], np.int64)
        return SoftLabels(logits, spans, tags[0, at]).decode(labels, task)

    return predict


def _load_pytorch(folder: Path) -> Predict:
    import torch

    from edgekd.teachers import load_teacher

    torch.set_num_threads(1)
    teacher = load_teacher(folder)
    return lambda text: next(iter(teacher.label([text]))).decode(teacher.labels, teacher.task)


def _what(sources: Sources) -> str:
    config = read_json(sources.teacher / "config.json", TeacherError)
    return (
        f"{config['model_type']} of {config['num_hidden_layers']} layers, {config['hidden_size']} wide, "
        "fine-tuned"
    )


def _export(sources: Sources, folder: Path) -> None:
    from edgekd.teachers.encoder import load_encoder_teacher

    teacher = load_encoder_teacher(sources.teacher)
    (folder / TOKENIZER).write_bytes((sources.teacher / TOKENIZER).read_bytes())
    write_labels(folder, teacher.labels)
    write_json(folder / _READING, {"task": teacher.task, "max_length": teacher.max_length})
    teacher.network.encoder.set_attn_implementation("eager")
    export_encoder(teacher.network, folder)

    texts = [one.text for one in sources.judged[:_CHECKED_TEXTS]]
    said = [soft.decode(teacher.labels, teacher.task) for soft in teacher.label(texts)]
    predict = load(folder, FLOAT)
    others = sum(predict(text) != one for text, one in zip(texts, said, strict=True))
    if others > _NEAR_TIES:
        raise ParityError(
            f"{others} of {len(texts)} texts are labelled otherwise by the ONNX file of {sources.teacher}",
            expected="the labels and slots of the teacher in PyTorch",
        )
