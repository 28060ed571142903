"""export/android without Android: all of it compiled, and the way from text to slots run on the JDK.

LiteRT's Java class is a stand-in with the real LiteRT behind it, and the classes of Android that the Activity
uses are outlines with the signatures of the documentation; both are in android/. Gradle does not run here.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgekd.export.embed import SAMPLES, embed

HERE = Path(__file__).parent / "android"
JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("junit4", "hamcrest", "com.android.json")]
TESTS = ["edgekd.intents.GoldenTest", "edgekd.intents.TextTest", "edgekd.intents.BundleTest"]


@pytest.fixture(scope="module", autouse=True)
def jdk() -> None:
    if not shutil.which("javac") or not all(jar.exists() for jar in JARS):
        packages = "openjdk-17-jdk-headless junit4 libandroid-json-java"
        pytest.skip(f"needs the JDK, JUnit and Android's org.json: apt-get install {packages}")


def java_files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.rglob("*.java"))]


def javac(sources: list[Path], out: Path, *classpath: Path) -> None:
    """Compile for the library of Java 8, which is what Android 7 has of it; a warning is an error."""
    paths = ":".join(map(str, (*JARS, *classpath)))
    command = ["javac", "--release", "8", "-Xlint:all,-options", "-Werror", "-cp", paths, "-d", out, *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's module `intents` and its tests, compiled."""
    out = tmp_path_factory.mktemp("classes")
    module = SAMPLES / "android" / "intents"
    javac(java_files(module, HERE / "org", HERE / "edgekd"), out)
    return out


def junit(classes: Path, sample: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    module = sample / "intents"
    paths = ":".join(map(str, (*JARS, classes, module / "src/test/resources")))
    stand_in = [f"-Dpython={sys.executable}", f"-Dlitert={HERE / 'litert.py'}"]
    command = ["java", "-Xshare:auto", *stand_in, "-cp", paths, "org.junit.runner.JUnitCore", *tests]
    return subprocess.run(command, cwd=module, capture_output=True, text=True, timeout=120, check=False)


def test_the_samples_own_tests(classes: Path, golden_bundle: Path) -> None:
    [sample] = embed(golden_bundle, ["android"])
    done = junit(classes, sample, *TESTS, "edgekd.intents.LiteRtModelTest")
    assert done.returncode == 0, done.stdout
    assert "OK (13 tests)" in done.stdout


def test_decoding_of_every_task(classes: Path, random_bundle: Path) -> None:
    [sample] = embed(random_bundle, ["android"])
    done = junit(classes, sample, "edgekd.intents.GoldenTest")
    assert done.returncode == 0, done.stdout


def test_a_wrong_answer_is_noticed(classes: Path, wrong_bundle: Path) -> None:
    [sample] = embed(wrong_bundle, ["android"])
    done = junit(classes, sample, "edgekd.intents.GoldenTest")
    assert done.returncode != 0
    assert "decodesGoldenLogits" in done.stdout


def test_the_activity_compiles_against_an_outline_of_android(
    classes: Path, golden_bundle: Path, tmp_path: Path
) -> None:
    [sample] = embed(golden_bundle, ["android"])
    main = sample / "app" / "src" / "main"
    resources = tmp_path / "R.java"
    resources.write_text(_resources(main / "res"), "utf-8")
    javac([resources, *java_files(main, HERE / "outline")], tmp_path, classes)


def test_the_decoding_needs_neither_android_nor_litert(golden_bundle: Path) -> None:
    [sample] = embed(golden_bundle, ["android"])
    for path in java_files(sample / "intents"):
        imported = re.findall(r"^import (?:static )?([\w.]+)", path.read_text("utf-8"), re.MULTILINE)
        foreign = [name for name in imported if not name.startswith(("java.", "org.json.", "org.junit."))]
        assert foreign == (["org.tensorflow.lite.Interpreter"] if path.stem == "LiteRtModel" else [])


def test_the_app_has_the_bundles_name(golden_bundle: Path) -> None:
    [sample] = embed(golden_bundle, ["android"])
    strings = ElementTree.parse(sample / "app/src/main/res/values/strings.xml").getroot()
    name = json.loads((golden_bundle / "edgekd.json").read_text("utf-8"))["name"]
    assert strings.find("string[@name='app_name']").text == name


def _resources(folder: Path) -> str:
    """The class R of the resources that there are, as Android's tools make it."""
    strings = ElementTree.parse(folder / "values" / "strings.xml").getroot()
    names = {
        "string": [one.attrib["name"] for one in strings],
        "layout": [path.stem for path in (folder / "layout").iterdir()],
        "id": re.findall(r"@\+id/(\w+)", (folder / "layout" / "main.xml").read_text("utf-8")),
    }
    kinds = (
        f"public static final class {kind} {{ "
        + " ".join(f"public static final int {one} = 0;" for one in found)
        + " }"
        for kind, found in names.items()
    )
    return f"package edgekd.demo;\npublic final class R {{ {' '.join(kinds)} }}\n"
