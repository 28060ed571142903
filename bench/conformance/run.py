"""The comparison itself: every file of every bundle on every host, against Keras and among themselves."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from bench.conformance.answers import Answer, Answers, read_parts
from bench.conformance.compare import Changed, changed_labels, changed_slots, front_end_differences
from bench.conformance.front_end import onnx_front_end, tflite_front_end
from bench.conformance.hosts import HERE, Host
from bench.conformance.jobs import HostError, Job
from bench.conformance.reference import ask_keras, ask_numpy, kept_answers
from bench.conformance.runner import opened
from bench.conformance.texts import Texts, random_texts
from edgekd.data.examples import Task
from edgekd.errors import UsageError
from edgekd.export.golden_texts import SCRIPTS, golden_texts
from edgekd.files import replacing, sha256, write_bytes
from edgekd.quantize.schemes import SCHEMES
from edgekd.runtime.manifest import Manifest, ModelFile
from edgekd.students.student import Student
from edgekd.text.projection import FrontEnd
from edgekd.text.tokens import code_points
from edgekd.text.word_pieces import WordPieces

KERAS = "Keras"


@dataclass(frozen=True)
class Settings:
    """What is compared.

    Attributes:
        texts: random strings beside the golden texts; token counts, spans and features are compared on all.
        labelled: texts whose labels and slots are compared, from the first on; running the network takes
            most of the time.
        seed: of the random strings.
        seconds: for each file on each host, after which no further part is begun.
        work: folder for the answers, which later runs find again.
    """

    texts: int
    labelled: int
    seed: int
    seconds: float
    work: Path


@dataclass(frozen=True)
class Compared:
    """One file of a bundle on one host.

    Attributes:
        bundle: its name.
        scheme: how the file's weights are stored.
        host: a name of HOSTS.
        ran: runtime, version and processor.
        front_end_texts: whose token counts, token spans and features were compared.
        texts: whose labels and slots were.
        differing: the texts whose "token_count", "token_spans" or "features" differ from the reference.
        labels: the texts with other labels than Keras, and than the runtime on this machine.
        slots: the same of slots.
        failures: what must not be, in words, with the first text of each.
    """

    bundle: str
    scheme: str
    host: str
    ran: str
    front_end_texts: int
    texts: int
    differing: Mapping[str, list[int]]
    labels: Mapping[str, Changed]
    slots: Mapping[str, Changed]
    failures: tuple[str, ...] = ()


def texts_for(front_end: FrontEnd | WordPieces, settings: Settings) -> Texts:
    """The golden texts of a student, then the random ones."""
    golden = golden_texts(front_end.max_tokens, front_end.max_chars)
    words = [word for sentence in SCRIPTS.values() for word in sentence.split()]
    drawn = random_texts(settings.texts, front_end.max_chars, settings.seed, words)
    return Texts.of([*map(code_points, golden), *drawn])


def conform(
    bundles: Sequence[Path],
    run: Path,
    hosts: Mapping[str, Host],
    settings: Settings,
    say: Callable[[str], None],
) -> list[Compared]:
    """Ask every host, and compare.

    Args:
        bundles: folders that `edgekd export` made of `run`.
        run: holds the student.
        hosts: by name; those that run on this machine first.
        settings: which texts, and for how long.
        say: is told what begins.

    Raises:
        HostError: a host did not do its job.
    """
    student = Student.load(run)
    texts = texts_for(student.front_end, settings)
    folder = settings.work / f"texts-{_key(texts.ends, texts.codepoints)}"
    with replacing(folder / "texts.npz") as path:
        texts.save(path)
    say(f"{len(texts):,} texts in {folder}")
    desk = _Desk(student, texts, min(settings.labelled, len(texts)), folder, settings.seconds, say)
    return [compared for bundle in bundles for compared in desk.bundle(Manifest.read(bundle), hosts)]


def _key(*arrays: np.ndarray) -> str:
    """A name for what these arrays hold."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:12]


class _Desk:
    """Hands out jobs and compares what comes back."""

    def __init__(
        self,
        student: Student,
        texts: Texts,
        labelled: int,
        folder: Path,
        seconds: float,
        say: Callable[[str], None],
    ) -> None:
        self._student, self._texts, self._labelled = student, texts, labelled
        self._folder, self._seconds, self._say = folder, seconds, say
        front_end = student.front_end
        golden = golden_texts(front_end.max_tokens, front_end.max_chars)
        said = ask_numpy(front_end, golden)
        features = np.array([one.features for one in said], np.uint64)
        numpy_key = _key(features, *(one.token_spans for one in said))
        say("numpy front end")
        self._numpy = kept_answers(
            functools.partial(ask_numpy, front_end),
            f"numpy {np.__version__}",
            texts,
            len(texts),
            folder / numpy_key / "numpy",
        )
        say(KERAS)
        weights_key = _key(*(weight.numpy() for weight in student.network.weights))
        self._keras = kept_answers(
            functools.partial(ask_keras, student),
            f"Keras {keras.__version__}",
            texts,
            labelled,
            folder / f"{numpy_key}-{weights_key}" / "keras",
        )
        self._largest_logit = max(
            float(np.abs(logits).max(initial=0))
            for one in ask_keras(student, golden)
            for logits in (one.label_logits, one.tag_logits)
        )

    def bundle(self, manifest: Manifest, hosts: Mapping[str, Host]) -> list[Compared]:
        """Every host that has a file in the bundle; raises UsageError where it is another student's."""
        told, front_end = manifest.content.get("front_end", {}), self._student.front_end.as_dict()
        same = all(told.get(name) == value for name, value in front_end.items())
        if manifest.labels != self._student.labels or not same:
            raise UsageError(
                f"{manifest.folder} has other labels, slots or lengths than the student",
                expected="a bundle exported from the run",
                fix="edgekd export RUN --out BUNDLE",
            )
        here: dict[str, Answers] = {}
        compared = []
        for name, host in hosts.items():
            if host.file in manifest.files:
                file = manifest.files[host.file]
                self._say(f"{manifest.name}, {file.scheme}: {name}")
                one, whole = self._compare(manifest, file, name, host, here.get(host.file))
                compared.append(one)
                if name == HERE[host.file]:
                    here[host.file] = whole
        return compared

    def _compare(
        self, manifest: Manifest, file: ModelFile, name: str, host: Host, here: Answers | None
    ) -> tuple[Compared, Answers]:
        projects = isinstance(self._student.front_end, FrontEnd)
        path = self._front_end(file) if projects else file.path
        front_end = self._answers(name, host, self._job(file, path, len(self._texts)))
        job = self._job(file, file.path, self._labelled)
        whole = self._answers(name, host, job)
        differing = front_end_differences(front_end, self._numpy, features=projects)
        for what, texts in front_end_differences(whole, self._numpy, features=False).items():
            differing[what] = sorted({*differing[what], *texts})
        others: dict[str, tuple[Answers, Callable[[Sequence[int]], list[Answer]]]] = {
            KERAS: (self._keras, self._ask_keras)
        }
        if here:
            runtime = HERE[host.file]
            others[runtime] = here, functools.partial(self._ask_here, runtime, job)
        multilabel = self._student.task is Task.MULTILABEL
        one = Compared(
            manifest.name,
            file.scheme,
            name,
            whole.host,
            len(front_end),
            len(whole),
            differing,
            {
                other: changed_labels(whole, said, multilabel=multilabel)
                for other, (said, _) in others.items()
            },
            {other: changed_slots(whole, said, ask) for other, (said, ask) in others.items()},
        )
        return replace(one, failures=tuple(self._failures(one))), whole

    def _front_end(self, file: ModelFile) -> Path:
        cut = {"tflite": tflite_front_end, "onnx": onnx_front_end}[file.runtime]
        path = self._folder / sha256(file.path)[:12] / f"front_end{file.path.suffix}"
        write_bytes(path, cut(file.path.read_bytes(), self._student.front_end.features))
        return path

    def _job(self, file: ModelFile, path: Path, count: int) -> Job:
        return Job(
            path.absolute(),
            tuple((one.name, one.chars, one.tokens) for one in file.signatures),
            self._student.front_end.max_chars,
            self._student.front_end.max_tokens,
            (self._folder / "texts.npz").absolute(),
            count,
            (self._folder / sha256(path)[:12]).absolute(),
            self._seconds,
        )

    def _answers(self, name: str, host: Host, job: Job) -> Answers:
        job = replace(job, answers=job.answers / name)
        host.answer(job)
        answers = read_parts(job.answers, job.count)
        if answers is None:
            raise HostError(f"{name} answered no text in {self._seconds:.0f} s", fix="give it more --minutes")
        return answers

    def _ask_keras(self, texts: Sequence[int]) -> list[Answer]:
        return ask_keras(self._student, [self._texts.string(text) for text in texts])

    def _ask_here(self, runtime: str, job: Job, texts: Sequence[int]) -> list[Answer]:
        if not texts:
            return []
        ask = opened({"runtime": runtime, **vars(job), "file": str(job.file)})
        return [ask(self._texts[text]) for text in texts]

    def _failures(self, one: Compared) -> list[str]:
        """Any difference in the front end; and labels and slots that no near tie explains."""
        where = f"{one.host} ({one.ran}) on {one.bundle}, {one.scheme}"
        failures = [
            f"{where}: {what} of {self._named(texts)} differ from the reference"
            for what, texts in one.differing.items()
            if texts
        ]
        # Two runtimes that are both within the scheme's tolerance can differ by twice that.
        tolerance = next(scheme.logit_tolerance for scheme in SCHEMES.values() if scheme.name == one.scheme)
        limit = 2 * tolerance * self._largest_logit
        for what, changed in (("labels", one.labels), ("slots", one.slots)):
            for other, found in changed.items():
                far = found.beyond(limit)
                if far and (other != KERAS or one.scheme == "float32"):
                    failures.append(
                        f"{where}: {what} of {self._named(far)} differ from {other} by up to "
                        f"{found.largest_margin:.2g} logits; a near tie has at most {limit:.2g}"
                    )
        return failures

    def _named(self, texts: Sequence[int]) -> str:
        """The first of some texts, and how many there are."""
        first = f"text {texts[0]} ({self._texts.string(texts[0])!r})"
        return f"{first} and {len(texts) - 1:,} more" if len(texts) > 1 else first
