"""python -m unittest: the decoding, and the model on this machine, against bundle/golden.jsonl."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
from intents import BundleError, Intents, decode, read_manifest

BUNDLE = Path(__file__).parent / "bundle"
GOLDEN = [json.loads(line) for line in (BUNDLE / "golden.jsonl").read_text("utf-8").splitlines()]


class Decoding(unittest.TestCase):
    def test_golden_logits(self):
        manifest = read_manifest(BUNDLE)
        self.assertTrue(GOLDEN)
        for line in GOLDEN:
            answer = decode(manifest, line["text"], line)
            for name in ("labels", "slots", "out_of_scope"):
                self.assertEqual(answer[name], line[name], line["text"])
            np.testing.assert_allclose(answer["scores"], line["scores"], atol=1e-3)
            score, expected = answer["out_of_scope_score"], line["out_of_scope_score"]
            self.assertEqual(score is None, expected is None, line["text"])
            if score is not None:
                self.assertAlmostEqual(score, expected, delta=1e-3)


class Model(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.intents = Intents(BUNDLE)

    def test_front_end(self):
        for line in GOLDEN:
            outputs, truncated = self.intents.run(line["text"])
            self.assertEqual(outputs["token_spans"].tolist(), line["token_spans"], line["text"])
            self.assertEqual((outputs["token_count"], truncated), (line["token_count"], line["truncated"]))

    def test_answers(self):
        for line in GOLDEN:
            answer = self.intents.predict(line["text"])
            if line["stable"]:
                self.assertEqual((answer["labels"], answer["slots"]), (line["labels"], line["slots"]))


class Script(unittest.TestCase):
    def run_script(self, *arguments, **options):
        script = [sys.executable, str(Path(__file__).with_name("intents.py"))]
        return subprocess.run([*script, *arguments], capture_output=True, **options)

    def test_texts_as_arguments_or_lines(self):
        given = self.run_script(str(BUNDLE), "wake me up", "naïve 🎉")
        piped = self.run_script(str(BUNDLE), input="wake me up\nnaïve 🎉\n".encode())
        self.assertEqual(given.stdout, piped.stdout)
        answers = [json.loads(line) for line in given.stdout.splitlines()]
        self.assertEqual([answer["text"] for answer in answers], ["wake me up", "naïve 🎉"])

    def test_no_bundle(self):
        done = self.run_script("nowhere", "wake me up")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"nowhere is not a bundle", done.stderr)
        self.assertNotIn(b"Traceback", done.stderr)


class Damage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bundle = Path(folder.name) / "bundle"
        shutil.copytree(BUNDLE, self.bundle)
        self.manifest = json.loads((self.bundle / "edgekd.json").read_text("utf-8"))

    def refused(self, message):
        (self.bundle / "edgekd.json").write_text(json.dumps(self.manifest), "utf-8")
        with self.assertRaisesRegex(BundleError, message):
            Intents(self.bundle)

    def test_checksum(self):
        with (self.bundle / "model.tflite").open("ab") as file:
            file.write(b"x")
        self.refused("is damaged")

    def test_missing_model(self):
        (self.bundle / "model.tflite").unlink()
        self.refused("cannot be read")

    def test_newer_version(self):
        self.manifest["format_version"] = 2
        self.refused("format version 2; this script reads 1")

    def test_not_a_bundle(self):
        self.manifest["format"] = "something"
        self.refused("not the description of a bundle")

    def test_missing_field(self):
        del self.manifest["tags"]
        self.refused("lacks tags")

    def test_only_onnx(self):
        self.manifest["files"] = {}
        self.refused("no TFLite file")

    def test_a_path_out_of_the_bundle(self):
        for name in ("../model.tflite", "/model.tflite", "..\\model.tflite", ".."):
            self.manifest["files"] = {name: self.manifest["files"].popitem()[1]}
            self.manifest["files"][name]["runtime"] = "tflite"
            self.refused("outside the bundle")


if __name__ == "__main__":
    unittest.main()
