"""What each part of the pipeline is worth: arms that differ in their recipes, over data sets and seeds.

    python -m bench.ablation bench/ablation.yaml --work WORK \
        --data SNIPS=DATA --teacher SNIPS=TEACHER --texts SNIPS=TEXTS --path read=PRETRAINED ...

The file has `seeds` and `arms`, by name the fields of the recipe that an arm changes, as those of
`edgekd distill --set`; and beside them

    extends: NAME     start from another arm
    texts: true       let the teacher label the data set's texts, too
    several: true     learn from the teachers of `--several NAME=A+B`, in place of that of `--teacher`
    labels: 0.1       of the labelled texts only this share
    student: NAME     the preset of this name
    control: true     train the control as well; those that extend this arm do not

`{name}` in a value stands for what `--path` gives. With `--run` the runs are made that are missing,
seed by seed, so that there is a table early. They are kept in WORK, and their figures in the file of
`--json`; what either has is not run again: the same command goes on where it was interrupted, and a study may
grow, on another machine too. Without `--run`, prints what is there: on dev the mean over seeds,
its deviation, and the difference to the first arm, seed by seed.

`--train-languages NAME=en-US` leaves labels in these languages alone; the table by language then begins with
the means of those with labels and of those without.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from bench.ablation.arms import Source, read_arms
from bench.ablation.runs import Figures, results, run_missing
from bench.ablation.tables import as_markdown, first, table, table_by_language
from edgekd.cli import run
from edgekd.errors import RunError, UsageError
from edgekd.files import read_json, write_json, write_text

_OPTIONS = ("data", "teacher", "several", "texts", "languages", "train_languages", "path")


def main() -> None:
    """Run what is missing, or show what there is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", action="store_true", help="make the runs that are missing")
    parser.add_argument("--json", type=Path, help="file that keeps the figures")
    parser.add_argument("--markdown", type=Path, help="file for the tables")
    parser.add_argument("--arms", help="only these, by commas")
    parser.add_argument("--seeds", help="only these, by commas")
    for option in _OPTIONS:
        parser.add_argument(
            f"--{option.replace('_', '-')}", action="append", default=[], metavar="NAME=VALUE"
        )
    given = parser.parse_args()

    pairs = {option: [one.partition("=")[::2] for one in getattr(given, option)] for option in _OPTIONS}
    seeds, arms = read_arms(given.study, dict(pairs["path"]))
    chosen = given.arms.split(",") if given.arms else list(arms)
    if unknown := [name for name in chosen if name not in arms]:
        raise UsageError(f"the study has no arm {unknown[0]!r}", expected=", ".join(arms))
    seeds = [int(seed) for seed in given.seeds.split(",")] if given.seeds else seeds
    before: Figures = read_json(given.json, RunError) if given.json and given.json.exists() else {}
    names = [name for name, _ in pairs["data"]] or list(before)
    if given.run:
        sources = {
            name: Source(
                data,
                dict(pairs["teacher"])[name],
                dict(pairs["several"]).get(name),
                *(
                    tuple(value for other, value in pairs[option] if other == name)
                    for option in ("texts", "languages", "train_languages")
                ),
            )
            for name, data in pairs["data"]
        }
        run_missing(sources, {name: arms[name] for name in chosen}, seeds, given.work, before)
    found = results(given.work, names, chosen, seeds, before)
    if given.json:
        for name, by_arm in found.items():
            for arm, by_seed in by_arm.items():
                before.setdefault(name, {}).setdefault(arm, {}).update(by_seed)
        write_json(given.json, before)
    labelled = {
        name: [language for other, language in pairs["train_languages"] if other == name] for name in found
    }
    if given.markdown:
        write_text(given.markdown, as_markdown(found, labelled) + "\n")
    console = Console(highlight=False)
    for name, by_arm in found.items():
        console.print(table(name, by_arm))
        if "by_language" in first(by_arm)[0]:
            console.print(table_by_language(name, by_arm, labelled[name]))


if __name__ == "__main__":
    run(main)
