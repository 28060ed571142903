"""Whether the files of a bundle say what the student says, each run in its own runtime.

Held against the numpy front end and Keras, on texts of every kind, in every signature:

    token spans, number of tokens    equal
    features                         equal, read out of the very file that ships
    logits                           within the scheme's tolerance
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import interpreter as litert

from edgekd.errors import ParityError
from edgekd.export.embedding import embedding_of, features_of
from edgekd.export.flatbuffer import parse, tensor_into_dense
from edgekd.export.golden_texts import golden_texts
from edgekd.export.graph import INPUT
from edgekd.quantize.schemes import Scheme
from edgekd.runtime.backends import RUNTIMES
from edgekd.runtime.manifest import Signature
from edgekd.students.student import Student
from edgekd.text.tokens import code_points

_QUANTIZING = ("DynamicQuantizeLinear", "QuantizeLinear", "DequantizeLinear")
_FIX = "export again; if it stays, the converter or the runtime computes something else"


class Outputs(NamedTuple):
    """What one text gives, without padding; `features` float32 (tokens, features)."""

    features: np.ndarray
    token_spans: np.ndarray
    token_count: int
    label_logits: np.ndarray | None
    tag_logits: np.ndarray | None


@dataclass(frozen=True)
class Parity:
    """What was compared, and how near it came.

    Attributes:
        runtime: that ran the file, with its version.
        texts: golden texts, in each of `signatures` lengths.
        largest_difference: of any logit, as a share of the largest logit.
    """

    runtime: str
    texts: int
    signatures: int
    largest_difference: float


def expected_outputs(
    student: Student, signature: Signature, texts: Sequence[str], scheme: Scheme
) -> list[Outputs]:
    """What numpy and Keras say of texts cut to the lengths of a signature.

    The vectors of word pieces are those of the scheme, the logits those of the student itself.
    """
    front_end = dataclasses.replace(student.front_end, max_tokens=signature.tokens, max_chars=signature.chars)
    seen, embedding = [front_end.read(text) for text in texts], embedding_of(student, scheme)
    # Cut after the last token that the signature has room for, the student sees the same tokens.
    cut = [
        text[: spans[-1, 1]] if len(spans) else "" for text, (_, spans, _) in zip(texts, seen, strict=True)
    ]
    return [
        Outputs(
            embedding.vectors(one.rows) if embedding else one.rows,
            one.spans,
            one.count,
            said.logits,
            said.tag_logits,
        )
        for one, said in zip(seen, student.label(cut), strict=True)
    ]


def check_tflite(path: Path, student: Student, scheme: Scheme, signatures: Sequence[Signature]) -> Parity:
    """Hold a TFLite file against its student; raises ParityError where they differ."""
    worst, texts = 0.0, 0
    for signature in signatures:
        where = f"{path.name}, signature {signature.name}"
        difference, texts = _check(where, _tflite(path, signature, student), student, scheme, signature)
        worst = max(worst, difference)
    return Parity(f"litert {RUNTIMES['litert'].version}", texts, len(signatures), worst)


def check_onnx(path: Path, student: Student, scheme: Scheme) -> Parity:
    """Hold an ONNX file against its student; raises ParityError where they differ."""
    whole = Signature("all lengths", student.front_end.max_chars, student.front_end.max_tokens)
    worst, texts = _check(path.name, _onnx(path, student), student, scheme, whole)
    return Parity(f"onnxruntime {RUNTIMES['onnxruntime'].version}", texts, 1, worst)


def _check(
    where: str, run: Callable[[str], Outputs], student: Student, scheme: Scheme, signature: Signature
) -> tuple[float, int]:
    """Compare the golden texts; gives the largest difference of logits, and the number of texts."""
    texts = golden_texts(signature.tokens, signature.chars)
    expected = expected_outputs(student, signature, texts, scheme)
    unit = max(np.abs(logits).max(initial=0) for one in expected for logits in _logits(one).values())
    worst = 0.0
    for text, one in zip(texts, expected, strict=True):
        found = run(text)
        for name in ("token_count", "token_spans", "features"):
            _require_equal(f"{where}: {name} of {text!r}", getattr(found, name), getattr(one, name))
        for name, logits in _logits(one).items():
            difference = float(np.abs(_logits(found)[name] - logits).max(initial=0) / unit)
            if not difference <= scheme.logit_tolerance:
                raise ParityError(
                    f"{where}: {name} of {text!r} differ from Keras by {difference:.1e} of the largest logit",
                    expected=f"at most {scheme.logit_tolerance:.0e} with {scheme.name}",
                    fix=_FIX,
                )
            worst = max(worst, difference)
    return worst, len(texts)


def _logits(outputs: Outputs) -> dict[str, np.ndarray]:
    logits = {"label_logits": outputs.label_logits, "tag_logits": outputs.tag_logits}
    return {name: values for name, values in logits.items() if values is not None}


def _require_equal(what: str, found: np.ndarray | int, expected: np.ndarray | int) -> None:
    if np.array_equal(found, expected):
        return
    shapes = [np.shape(values) for values in (found, expected)]
    if shapes[0] != shapes[1]:
        difference = f"shape {shapes[0]} instead of {shapes[1]}"
    else:
        place = tuple(np.argwhere(np.not_equal(found, expected))[0].tolist())
        values = [np.asarray(values)[place] for values in (found, expected)]
        difference = f"{values[0]} instead of {values[1]}" + (f" at {place}" if place else "")
    raise ParityError(
        f"{what} differ from the numpy front end: {difference}", expected="the same, bit for bit", fix=_FIX
    )


def _without_padding(outputs: dict[str, np.ndarray], features: np.ndarray, tokens: int) -> Outputs:
    count = int(outputs["token_count"][0])
    rows = min(count, tokens)
    labels, tags = outputs.get("label_logits"), outputs.get("tag_logits")
    return Outputs(
        features.reshape(-1, features.shape[-1])[:rows],
        outputs["token_spans"][0, :rows],
        count,
        None if labels is None else labels[0],
        None if tags is None else tags[0, :rows],
    )


def _tflite(path: Path, signature: Signature, student: Student) -> Callable[[str], Outputs]:
    """Run a signature twice: as shipped; and without a delegate, with every tensor kept, for the features."""
    subgraph, tensor = tensor_into_dense(parse(path.read_bytes()), signature.name, features_of(student))
    shipped = litert.Interpreter(model_path=str(path), num_threads=1)
    kept = litert.Interpreter(
        model_path=str(path),
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    runners = [one.get_signature_runner(signature.name) for one in (shipped, kept)]

    def run(text: str) -> Outputs:
        padded = np.zeros((1, signature.chars), np.int32)
        codepoints = code_points(text[: signature.chars])
        padded[0, : len(codepoints)] = codepoints
        outputs, _ = [runner(**{INPUT: padded}) for runner in runners]
        return _without_padding(outputs, kept.get_tensor(tensor, subgraph), signature.tokens)

    return run


def _onnx(path: Path, student: Student) -> Callable[[str], Outputs]:
    """Run the graph with the features as one more output."""
    model = onnx.load(path)
    features = features_name(model, features_of(student))
    model.graph.output.append(onnx.helper.make_tensor_value_info(features, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(text: str) -> Outputs:
        codepoints = code_points((text or "\0")[: student.front_end.max_chars])[None]
        outputs = dict(zip(names, session.run(names, {INPUT: codepoints}), strict=True))
        return _without_padding(outputs, outputs[features], student.front_end.max_tokens)

    return run


def features_name(model: onnx.ModelProto, width: int) -> str:
    """The tensor that goes into the first product with a matrix of `width` rows."""
    rows = {
        initializer.name: initializer.dims[0] for initializer in model.graph.initializer if initializer.dims
    }
    for node in model.graph.node:
        if node.op_type in ("Cast", "DequantizeLinear") and node.input[0] in rows:
            rows[node.output[0]] = rows[node.input[0]]
    made_by = {output: node for node in model.graph.node for output in node.output}
    for node in model.graph.node:
        if node.op_type in ("MatMul", "MatMulInteger") and rows.get(node.input[1]) == width:
            name = node.input[0]
            while made_by[name].op_type in _QUANTIZING:
                name = made_by[name].input[0]
            return name
    raise ParityError(
        f"no product with a matrix of {width} rows is in the ONNX file", expected="the bottleneck"
    )
