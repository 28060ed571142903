"""New texts from given ones, for the teacher to label.

Each method is an `Augmenter` in a file of its own; `pipeline.augment` runs several in order. `mixup` and
`filtering` are not augmenters: the one mixes the tensors of a training step, the other chooses among texts
that the teacher has labelled.
"""

from edgekd.distill.augment.augmenter import Augmenter
from edgekd.distill.augment.pipeline import Augmented, Step, StepReport, augment
from edgekd.distill.augment.recombination import Recombination
from edgekd.distill.augment.substitution import Substitution

__all__ = [
    "Augmented",
    "Augmenter",
    "Recombination",
    "Step",
    "StepReport",
    "Substitution",
    "augment",
]
