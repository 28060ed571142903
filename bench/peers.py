"""The encoders that a student is compared with: exported to ONNX, quantized to int8, with their tokenizer.

They do the work of a student: text in, the number of the best label and of each sub-word's best tag out.
The heads, and the whole of an encoder that is named by its shape, have random weights: they cost what trained
ones cost, and their answers mean nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import BertWordPieceTokenizer, Tokenizer
from transformers import AutoModel, BertConfig, BertModel, PreTrainedModel

from edgekd.data.examples import LabelSet
from edgekd.teachers.encoder import TeacherNetwork

SHAPES = {
    "mBERT": BertConfig(vocab_size=119_547, attn_implementation="eager"),
    "BERT-tiny": BertConfig(
        vocab_size=30_522,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        attn_implementation="eager",
    ),
}
"""Of bert-base-multilingual-cased, and of the smallest BERT of Turc et al. (2019)."""

_MAX_SUBWORDS = 64


@dataclass(frozen=True)
class Peer:
    """An encoder ready to be timed.

    Attributes:
        what: one line for the report.
        model: int8 ONNX file.
        tokenizer: as a tokenizer.json.
    """

    name: str
    what: str
    model: Path
    tokenizer: Path

    def open(self, threads: int) -> RunningPeer:
        """Load it in ONNX Runtime."""
        return RunningPeer(self, threads)


class RunningPeer:
    """Text to labels: word pieces, network, best label and best tags."""

    def __init__(self, peer: Peer, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(peer.model), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(peer.tokenizer))
        self._tokenizer.enable_truncation(_MAX_SUBWORDS)
        self._tokenizer.no_padding()

    def __call__(self, text: str) -> tuple[int, list[int]]:
        encoded = self._tokenizer.encode(text)
        inputs = {"ids": np.array([encoded.ids]), "mask": np.array([encoded.attention_mask])}
        labels, tags = self._session.run(None, inputs)
        return int(labels[0].argmax()), tags[0].argmax(axis=-1).tolist()

    def subwords(self, texts: Iterable[str]) -> np.ndarray:
        """How many sub-words each text has, int (texts,)."""
        return np.array([len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))])


def of_shape(shape: str, folder: Path, texts: Sequence[str], labels: LabelSet) -> Peer:
    """An encoder of one of SHAPES with random weights, and word pieces trained on `texts`.

    The embedding has the rows of the original; the vocabulary has as many pieces as the texts support.
    """
    config = SHAPES[shape]
    vocabulary = BertWordPieceTokenizer(lowercase=False, strip_accents=False)
    vocabulary.train_from_iterator(texts, vocab_size=config.vocab_size, min_frequency=1, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    encoder = BertModel(config, add_pooling_layer=False)
    what = (
        f"{config.num_hidden_layers} layers, {config.hidden_size} wide, random weights; "
        f"{config.vocab_size:,} embeddings, {vocabulary.get_vocab_size():,} word pieces trained on the texts"
    )
    return Peer(f"{shape}-shaped, int8", what, _export(encoder, folder, labels), folder / "tokenizer.json")


def pretrained(folder: Path, source: str, labels: LabelSet) -> Peer:
    """The encoder in the folder `source`, with its own tokenizer.json."""
    encoder = AutoModel.from_pretrained(source, attn_implementation="eager", trust_remote_code=False)
    config = encoder.config
    name = Path(config.name_or_path).parent.name if Path(source).name == "model" else Path(source).name
    what = f"{config.num_hidden_layers} layers, {config.hidden_size} wide, {config.vocab_size:,} word pieces"
    return Peer(f"{name}, int8", what, _export(encoder, folder, labels), Path(source) / "tokenizer.json")


def _export(encoder: PreTrainedModel, folder: Path, labels: LabelSet) -> Path:
    """Encoder and heads as an ONNX file with int8 weights; kept, since it takes a minute."""
    path = folder / "model.int8.onnx"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    network = TeacherNetwork(encoder, labels).eval()
    example = torch.ones((1, 12), dtype=torch.int64)
    tokens = torch.export.Dim("tokens", min=2, max=_MAX_SUBWORDS)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        float32 = Path(temporary) / "model.onnx"
        torch.onnx.export(
            network,
            (example, example),
            float32,
            input_names=["ids", "mask"],
            output_names=["labels", "tags"],
            dynamic_shapes=({1: tokens}, {1: tokens}),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        model = onnx.load(float32)
        del model.graph.value_info[
            :
        ]  # PyTorch's shapes are those before its own optimisation, and contradict the graph
        int8 = Path(temporary) / path.name
        quantize_dynamic(model, int8, weight_type=QuantType.QInt8)
        int8.rename(path)
    return path
