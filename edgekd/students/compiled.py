"""Compilation of what is many small operations."""

from __future__ import annotations

import os
from collections.abc import Callable

import tensorflow as tf


def compiled(function: Callable) -> Callable:
    """The function as one graph, fused by XLA into few loops where this TensorFlow has it.

    Not where the environment has EDGEKD_XLA=0: a training of a few steps ends before XLA has compiled one.
    """
    fused = tf.test.is_built_with_xla() and os.environ.get("EDGEKD_XLA") != "0"
    return tf.function(function, autograph=False, jit_compile=fused)
