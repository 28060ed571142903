"""The figures of a comparison as rows of words, the same for the terminal, Markdown and the page."""

from __future__ import annotations

from bench.peers.standing import Comparison
from edgekd.bench.figures import microseconds, percent, size, times

HEADER = (
    "",
    "intent",
    "slot F1",
    "exact match",
    "size",
    "p50",
    "p90",
    "p99",
    "× the student's (95%)",
    "memory",
)

NOTES = (
    "Intent is the accuracy of the label; a dash stands where a peer finds no slots. Random weights have the "
    "cost of trained ones, and no accuracy.",
    "Peers learnt from the gold labels of the train split, and where they have epochs the best on dev was "
    "kept. The student saw its teacher's labels too, of these texts and of others.",
    "Size: all files that inference needs, tokenizer or vocabulary included. Latency: from a string to "
    "labels and slots, one thread, all in turns in one process. Memory: resident, of a process that answered "
    "all timed texts, above a bare Python; libraries are in it, of which an app has others.",
)
"""What a reader must know."""


def title(found: Comparison) -> str:
    """The data, in one line."""
    return f"{found['name']} {found['split']}, {found['examples']:,} texts"


def rows(found: Comparison) -> list[list[str]]:
    """A row for each contender, as HEADER says."""
    result = []
    for one in found["peers"].values():
        scores = one["scores"] or {}
        low, high = one["times_slower"]["interval"]
        result.append(
            [
                one["name"],
                percent(scores.get("accuracy")) if one["trained"] else "random weights",
                *(percent(scores.get(metric)) for metric in ("span_f1", "exact_match")),
                size(one["bytes"]),
                *(microseconds(one["latency"][f"p{share}_us"]) for share in (50, 90, 99)),
                ""
                if one["name"] == "student"
                else f"{times(one['times_slower']['p50'])} ({times(low)[:-1]}–{times(high)[:-1]})",
                size(one["memory_bytes"]),
            ]
        )
    return result


def details(found: Comparison) -> list[tuple[str, str]]:
    """Of each contender, its name and what it is."""
    result = []
    for one in found["peers"].values():
        facts = [one["what"]]
        if one["subwords_p50"]:
            facts.append(f"a text is {one['subwords_p50']:.0f} sub-words (median)")
        if one["agreement"] is not None:
            facts.append(f"answers {percent(one['agreement'])} of the texts as its original does")
        result.append((one["name"], "; ".join(facts)))
    return result
