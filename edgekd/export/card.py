"""MODEL_CARD.md: what a person wants to know of a bundle before using it, drawn from edgekd.json alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgekd.bench.figures import microseconds, percent, size
from edgekd.data.examples import UNNAMED
from edgekd.distill.calibration import BINS
from edgekd.distill.out_of_scope import MOST_REFUSED
from edgekd.metrics import MAIN_METRIC

_PIPELINE = {
    "classification": "text-classification",
    "multilabel": "text-classification",
    "tagging": "token-classification",
    "joint": "token-classification",
}
_GIVES = {
    "classification": "one of {labels} labels",
    "multilabel": "any of {labels} labels",
    "tagging": "slots of {slots} kinds",
    "joint": "one of {labels} intents, and slots of {slots} kinds",
}
_JUDGED = {"teacher": "teacher", "student": "student", "control": "control", "retention": "kept"}
_CONTROL = "**This is the control**, trained without the teacher."
_METHOD = """\
The teacher gives every training text its logits, with or without a label of the data. The student, a pQRNN
(hashed words and character n-grams, then bidirectional QRNNs), learns from these and from the data's labels
together. The control is the same network, trained alike on the labelled texts without the teacher, and shows
what the teacher was worth."""


def model_card(content: Mapping[str, Any]) -> str:
    """The card as Markdown with YAML front matter, as is customary for model cards.

    Args:
        content: of edgekd.json. What it does not say, the card does not say either.
    """
    sections = {
        "Files": _files(content),
        "Quality": _quality(content),
        "Probabilities": _calibration(content),
        "Out of scope": _out_of_scope(content),
        "Data": _data(content),
        "Teacher and method": _method(content),
        "Limits": _limits(content),
        "Use": _use(content),
        "Made with": [", ".join(f"{name} {number}" for name, number in content["made_with"].items())],
        "Licence": [content["licence"]],
    }
    parts = [_front_matter(content), _introduction(content)]
    for title, paragraphs in sections.items():
        if text := "\n\n".join(paragraphs):
            parts.append(f"## {title}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _front_matter(content: Mapping[str, Any]) -> str:
    lines = ["---", f"license: {json.dumps(content['licence'])}", "library_name: edgekd"]
    if languages := _languages(content):
        lines += ["language:", *(f"  - {json.dumps(language)}" for language in languages)]
    lines += [f"pipeline_tag: {_PIPELINE[content['task']]}", "tags:"]
    kinds = sorted(file["runtime"] for file in content["files"].values())
    lines += [f"  - {tag}" for tag in ("edgekd", "knowledge-distillation", "on-device", *kinds)]
    return "\n".join([*lines, "---"])


def _introduction(content: Mapping[str, Any]) -> str:
    gives = _GIVES[content["task"]].format(labels=len(content["labels"]), slots=len(content["slots"]))
    languages = _languages(content)
    texts = f"texts in {', '.join(languages)}" if languages else "texts"
    paragraphs = [
        f"# {_inline(content['name'])}",
        f"A model of {content['parameters']:,} parameters that reads {texts} and gives {gives}. The code "
        "points of the text go in: there is no tokenizer beside the file, and no custom op in it.",
    ]
    return "\n\n".join([*paragraphs, *([_CONTROL] if content["model"] == "control" else [])])


def _files(content: Mapping[str, Any]) -> list[str]:
    compared = [file["comparison"] for file in content["files"].values() if "comparison" in file]
    head = ["file", "weights", "size", "runs in"]
    if not compared:
        rows = [_file_cells(name, file) for name, file in content["files"].items()]
        return [_table(head, rows)]
    main = MAIN_METRIC[content["task"]]
    rows = [
        [
            *_file_cells(name, file),
            percent(file["comparison"]["metrics"][main]),
            f"{round(100 * file['comparison']['change'][main], 1) + 0.0:+.1f}",
            percent(file["comparison"]["agreement"]),
            microseconds(file["comparison"]["p50_us"]),
        ]
        for name, file in content["files"].items()
    ]
    return [
        _table([*head, _metric(main), "change", "same labels", "p50"], rows),
        f"Measured on {compared[0]['examples']:,} examples with the files themselves. *Change* is in points "
        "against the student in Keras and float32, and *same labels* the share of texts with its labels and "
        "slots. *p50* is the median time from text to labels on one thread of the machine that exported.",
    ]


def _file_cells(name: str, file: Mapping[str, Any]) -> list[str]:
    oldest = file["oldest_runtime"]
    runtime = "ONNX Runtime" if file["runtime"] == "onnx" else "LiteRT, or tflite-runtime from"
    return [f"`{name}`", f"`{file['scheme']}`", size(file["bytes"]), f"{runtime} {oldest}"]


def _quality(content: Mapping[str, Any]) -> Iterator[str]:
    splits = content.get("metrics", {})
    for split, judged in splits.items():
        yield f"**{_inline(split)}**"
        yield _table(
            ["language", "texts", "metric", *(_JUDGED[name] for name in _judged(judged))],
            _quality_rows(judged),
            left=(0, 2),
        )
    if splits:
        yield (
            "Student and control in Keras, in float32. *Kept* is the student's figure as a share of the "
            "teacher's."
        )


def _judged(judged: Mapping[str, Any]) -> list[str]:
    """What was judged: a run may have no control."""
    return [name for name in _JUDGED if name in judged]


def _quality_rows(judged: Mapping[str, Any]) -> Iterator[list[str]]:
    counts = judged["teacher"]["counts"]
    models = [judged[name] for name in _judged(judged)]
    groups = [
        (language, counts[language], [model["by_language"][language] for model in models])
        for language in counts
    ]
    whole = ("all", sum(counts.values()), [model["overall"] for model in models])
    for language, count, measured in [*groups, whole] if len(groups) > 1 else [whole]:
        shown = [language, f"{count:,}"]
        for metric in measured[0]:
            yield [*shown, _metric(metric), *(percent(values[metric]) for values in measured)]
            shown = ["", ""]


def _calibration(content: Mapping[str, Any]) -> Iterator[str]:
    if found := content.get("calibration"):
        squash = "sigmoid" if content["task"] == "multilabel" else "softmax"
        yield (
            f"The {squash} of `label_logits` is calibrated: the label head in the files is divided by the "
            f"temperature {found['temperature']:.3f}, which was fitted on the dev split. The expected "
            f"calibration error there ({BINS} bins of equal width) is {percent(found['ece'])}, measured on "
            f"one half with the temperature of the other; without a temperature it is "
            f"{percent(found['ece_before'])}."
        )


def _out_of_scope(content: Mapping[str, Any]) -> Iterator[str]:
    rule = content.get("out_of_scope")
    if not rule:
        return
    best = "all labels" if rule["label"] is None else f"all labels but `{_inline(rule['label'])}`"
    yield (
        f"The score of a text is 1 − the largest probability among {best}. Above {rule['threshold']:.3f} the "
        "text is taken for out of scope."
    )
    if rule["recall"] is None:
        yield (
            f"It is the lowest threshold that refuses at most {percent(MOST_REFUSED)} of dev's texts; "
            f"cross-fitted it refuses {percent(rule['in_scope_refused'])}. How many texts out of scope it "
            "finds was not measured, since dev has none."
        )
        return
    rows = [
        ["texts out of scope that are found", percent(rule["recall"])],
        ["texts in scope that are refused", percent(rule["in_scope_refused"])],
        ["area under the ROC curve", f"{rule['auroc']:.3f}"],
        ["accuracy of the labels as they are", percent(rule["accuracy"])],
        ["accuracy with the threshold", percent(rule["accuracy_with_rejection"])],
    ]
    yield _table(["on dev, cross-fitted", ""], rows, left=(0,))


def _data(content: Mapping[str, Any]) -> Iterator[str]:
    if "metrics" not in content:
        return
    texts = content["training_texts"]
    counts = {"train": texts["labelled"], "labelled by the teacher only": texts["labelled_by_teacher_only"]}
    for split, judged in content["metrics"].items():
        counts[split] = sum(judged["teacher"]["counts"].values())
    rows = [[_inline(name), f"{count:,}"] for name, count in counts.items()]
    yield f"{_inline(content['data'])}, fingerprint `{content['fingerprints']['data']}`."
    yield _table(["split", "texts"], rows, left=(0,))


def _method(content: Mapping[str, Any]) -> Iterator[str]:
    if "metrics" in content:
        yield f"Teacher: {_inline(content['teacher'])}, fingerprint `{content['fingerprints']['teacher']}`."
        yield _METHOD


def _limits(content: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"It reads the first {content['max_chars']} code points of a text, and in them the first "
        f"{content['max_tokens']} tokens. The rest of a longer text is not seen: labels and slots come from "
        "its beginning alone, and the result is flagged `truncated`."
    )
    if languages := _languages(content):
        yield f"Nothing was measured on languages other than {', '.join(languages)}."


def _use(content: Mapping[str, Any]) -> Iterator[str]:
    yield '```python\nfrom edgekd.runtime import Bundle\n\nBundle.load("bundle/").predict(text)\n```'
    yield (
        "`edgekd verify bundle/` checks the checksums and runs `golden.jsonl` in every runtime that is "
        "installed. It needs numpy and one runtime."
    )


def _languages(content: Mapping[str, Any]) -> list[str]:
    return [language for language in content["languages"] if language != UNNAMED]


def _metric(name: str) -> str:
    return name.replace("_", " ").replace("f1", "F1")


def _inline(text: str) -> str:
    """A name from outside, on one line and without what Markdown takes for a table or for HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _table(
    head: Sequence[str], rows: Iterator[list[str]] | list[list[str]], left: Sequence[int] = (0, 1, 3)
) -> str:
    rule = [":--" if column in left else "--:" for column in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))
