"""The file of weights that a run has trained."""

from wsol.files.containers import Weights

WEIGHTS = Weights(
    "weights",
    2,
    "train",
    (
        "classes",  # int, how many outputs
        "names",  # list of str, the class that each output stands for
    ),
)
