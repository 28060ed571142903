"""The losses a student learns from: a number for each text of a batch, (batch,), unless said otherwise.

prediction      what a text is labelled: by the data, by the teacher
intermediate    states, embeddings and attention of the student beside those of the teacher
information     a bound on the mutual information of their states
layer_maps      which layers are compared
balance         the weights of the losses, and which of them is dead or drowns the others
"""

from edgekd.distill.objectives.prediction import (
    OBJECTIVES,
    hard_labels,
    hard_scores,
    hard_tags,
    require_fits,
    soft_targets,
)

__all__ = ["OBJECTIVES", "hard_labels", "hard_scores", "hard_tags", "require_fits", "soft_targets"]
