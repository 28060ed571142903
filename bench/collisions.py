"""Whether the hashes of any language collide more often than chance.

    python bench/collisions.py MASSIVE_FOLDER

Takes every distinct folded token of the train split of each locale, and of all together, and counts how many
share the 32-bit hash of another, and how many its whole row of features. Chance allows a Poisson number of
colliding pairs with mean n (n - 1) / 2 / 2^32. Exits with 1 where there are more than its 99.9 % bound.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgekd.cli import run
from edgekd.text.projection import FrontEnd, token_features, token_hash
from edgekd.text.tokens import code_points, split

FRONT_END = FrontEnd()
BOUND = 0.999


def train_texts(path: Path) -> Iterator[str]:
    """The utterances of the train split of a locale."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        for line in lines:
            example = json.loads(line)
            if example["partition"] == "train":
                yield example["utt"]


def tokens_of(texts: Iterator[str]) -> set[bytes]:
    """The distinct tokens, folded, as bytes of int32 code points."""
    tokens = set()
    for text in texts:
        folded, spans = split(code_points(text))
        tokens.update(folded[start:end].tobytes() for start, end in spans)
    return tokens


def fingerprints(token: bytes) -> tuple[int, bytes]:
    """A token's hash and its features."""
    folded = np.frombuffer(token, np.int32)
    return int(token_hash(folded)), token_features(folded, FRONT_END).tobytes()


def poisson_bound(mean: float, share: float) -> int:
    """The smallest count that a Poisson number of this mean does not exceed with this probability."""
    count, term = 0, math.exp(-mean)
    total = term
    while total < share:
        count += 1
        term *= mean / count
        total += term
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="MASSIVE: one <locale>.jsonl or .jsonl.gz each")
    paths = sorted(parser.parse_args().folder.glob("*.jsonl*"))
    if not paths:
        print("collisions: no *.jsonl or *.jsonl.gz in that folder", file=sys.stderr)
        return 2
    known: dict[bytes, tuple[int, bytes]] = {}
    too_many = False
    print("locale     tokens   hashes     rows collisions  expected allowed")
    for name, part in [*((path.name.split(".")[0], [path]) for path in paths), ("all", paths)]:
        tokens = set(known) if len(part) > 1 else tokens_of(train_texts(part[0]))
        for token in tokens - known.keys():
            known[token] = fingerprints(token)
        hashes = len({known[token][0] for token in tokens})
        rows = len({known[token][1] for token in tokens})
        expected = math.comb(len(tokens), 2) / 2**32
        allowed = poisson_bound(expected, BOUND)
        found = len(tokens) - hashes
        # Two tokens have the same row only if they have the same hash and the same n-grams.
        wrong = found > allowed or len(tokens) - rows > found
        too_many |= wrong
        print(
            f"{name:8} {len(tokens):8,} {hashes:8,} {rows:8,} {found:10} {expected:9.4f} {allowed:7}"
            + ("  more than chance" if wrong else "")
        )
    return int(too_many)


if __name__ == "__main__":
    run(main)
