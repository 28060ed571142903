"""Compilation of what is many small operations."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


def compiled(function: Callable) -> Callable:
    """The function as one graph, fused by XLA into few loops where this TensorFlow has it."""
    return tf.function(function, autograph=False, jit_compile=tf.test.is_built_with_xla())
