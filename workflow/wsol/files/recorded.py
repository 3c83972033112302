"""The record of an experiment that its results folder carries: what its runs are, for those who have no config."""

from wsol.files.containers import Record

PLACE = "inputs/experiment.json"  # below the results

RECORDED = Record(
    "experiment",
    1,
    "run",
    (
        "command",  # what makes these results again
        "compare",  # best | all
        "datasets",  # ids of the data sets that the experiment reads
        "decisions",  # ids of all that its files lie below, readings among them
        "runs",  # of each its decisions' ids, and whether it is a control; in the order of the tables
        "settings",  # {decision's id: its settings}, paths as written
    ),
)
