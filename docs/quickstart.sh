#!/bin/sh
# The whole way on the project's own corpus, in a few minutes: data, teacher, student, file, proof, answer.
# Run it by `make quickstart`, or give a folder: sh docs/quickstart.sh FOLDER
set -eu
out=${1:-quickstart}
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }

say edgekd corpus "$out/data"
say edgekd data "$out/data"
say edgekd teach --data "$out/data" --encoder new:tiny --epochs 12 --out "$out/teacher"
say edgekd distill --data "$out/data" --teacher "$out/teacher" --student pqrnn-0.2m \
    --texts "$out/data/unlabelled.jsonl" --epochs 15 --out "$out/run"
say edgekd export "$out/run" --data "$out/data" --out "$out/bundle"
say edgekd verify "$out/bundle"
say edgekd bench "$out/bundle" --data "$out/data" --split test --teacher "$out/teacher" \
    --min-retention 0.95 --out "$out/bench"
say edgekd predict "$out/bundle" "wake me up at seven tomorrow"
