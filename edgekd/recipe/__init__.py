"""What a run is: validated, frozen, and saved beside what it made.

student          the shape of a student
training         how a network is trained
augmentation     the texts that are made for the teacher
distillation     what the teacher adds
words            what a student is asked of hidden words, when it reads plain text
recipes          all of it, in a file
"""

from edgekd.recipe.augmentation import Augmentation
from edgekd.recipe.distillation import Distillation, Intermediate
from edgekd.recipe.recipes import Pretraining, Recipe
from edgekd.recipe.student import PQRNN, PRESETS, AnyStudent, Shape, Transformer
from edgekd.recipe.training import Training
from edgekd.recipe.words import Words

__all__ = [
    "PQRNN",
    "PRESETS",
    "AnyStudent",
    "Augmentation",
    "Distillation",
    "Intermediate",
    "Pretraining",
    "Recipe",
    "Shape",
    "Training",
    "Transformer",
    "Words",
]
