"""Training on two devices side by side: two processors that TensorFlow makes of this one."""

import json
import subprocess
import sys

SCRIPT = """
import sys
from pathlib import Path
import tensorflow as tf
from edgekd.data.load import load_dataset
from edgekd.distill.pipeline import distil
from edgekd.recipe import Recipe
from edgekd.teachers.stored import StoredTeacher

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
data, logits, recipe, out = map(Path, sys.argv[1:])
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    distil(load_dataset(str(data)), StoredTeacher(logits), Recipe.load(recipe), out, control=False)
"""


def test_two_devices_learn_together_and_go_on_where_they_stopped(labelled_data, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "student: {token_features: 64, ngram_features: 64, bottleneck: 24, units: 12, layers: 1}\n"
        "training: {epochs: 12, least_texts: 1, batch_size: 4, learning_rate: 0.02, ema: 0.9, warmup: 0.1}\n"
        "distillation: {mixup: 0.4, balance_losses: true}\n"
    )
    out = tmp_path / "run"
    command = [sys.executable, "-c", SCRIPT, *labelled_data, recipe, out]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        metrics = json.loads((out / "metrics.json").read_text())
        assert metrics["training"]["student"]["devices"] == 2
        assert metrics["splits"]["dev"]["student"]["overall"]["accuracy"] > 0.7
        # As if it had been killed after the last checkpoint.
        for name in ("student.keras", "student.json", "metrics.json"):
            (out / name).unlink()
    assert metrics["training"]["student"]["epochs"] == 0
