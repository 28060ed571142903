"""Distillation: teacher-labelled texts in, a trained student and its control out."""
