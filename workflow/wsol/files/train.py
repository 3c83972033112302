"""What a training leaves: its weights, its history, and until these are there the checkpoint that it goes on from."""

from wsol.files.containers import Arrays, Table, Weights

WEIGHTS = Weights(
    "weights",
    2,
    "train",
    (
        "classes",  # int, how many outputs
        "names",  # list of str, the class that each output stands for
    ),
)

# How long an epoch took stands in the job's log: no stage file tells of time.
HISTORY = Table(
    "history",
    1,
    "train",
    (
        "epoch",  # int64, from 0 on
        "loss",  # what a step made small, the mean over the images of the epoch as they were shown
        "accuracy",  # a share, of the same images
        "validation_loss",  # of the validation data set after the epoch; NaN without one
        "validation_accuracy",
        "rate",  # of learning: the size of the epoch's steps
    ),
)

# No result: the audit and the lists pass over it. The job alone reads it, and deletes it when its weights are there.
CHECKPOINT = Arrays(
    "checkpoint",
    1,
    "train",
    (
        "history",  # float64 [e f]: of each epoch so far the fields of HISTORY
        # and the value of every variable of the training, by its name
    ),
)
