"""Labelled text: examples, readers, alignment between characters and tokens."""

from edgekd.data.examples import Dataset, Example, LabelSet, Prediction, Span, Task

__all__ = ["Dataset", "Example", "LabelSet", "Prediction", "Span", "Task"]
