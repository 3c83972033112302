"""Small tables as the table stage writes them, for tests of the page: a few runs, every kind of row."""

import numpy as np
import pandas as pd

from wsol.page.figures.training import TrainedSeed
from wsol.page.seen import Tables
from wsol.scores.comparisons import COLUMNS as COMPARED
from wsol.scores.failures import FAILURES
from wsol.training import recipe

RUN = ["evaluation", "dataset", "backbone", "cam", "threshold"]
NETWORKS = ("net", "slim")
CAMS = ("gradcam", "layercam")
STRATA = {"area_fraction": ("below 10 %", "above 50 %"), "objects": ("1", "2"), "class": ("cat", "dog", "fox")}


def names(evaluation="e", networks=NETWORKS, cams=CAMS):
    """The run columns of every run: networks by cams, and a control without a network."""
    runs = [(evaluation, "d", network, cam, "sweep") for network in networks for cam in cams]
    return [*runs, (evaluation, "d", "none", "center", "sweep")]


def value_of(run):
    """A number of a run that tells it from others: 90, 80, … in the order of `names`, the control 20."""
    if run[2] == "none":
        return 20.0
    usual = names(run[0])
    return 90.0 - 10 * usual.index(run) if run in usual else 55 - len(run[2]) - len(run[3]) / 10


def scores(runs):
    rows = []
    for run in runs:
        value = value_of(run)
        rows += [(*run, "maxboxacc@50", "oracle", value + 2, value - 3, value + 7, 100, 100)]
        rows += [(*run, "maxboxacc@50", "selected", value, value - 5, value + 5, 100, 100)]
        rows += [(*run, "boxes_per_target", "oracle", 1.5, 1.0, 2.0, 100, 100)]
    columns = [*RUN, "metric", "choice", "value", "low", "high", "n", "groups"]
    return pd.DataFrame(rows, columns=columns).assign(spread=np.nan, trainings=0, each="")


def comparisons(runs, p=0.2):
    """The best with every other run of a model, of which the nearest has `p`; every one with the control."""
    called = ["/".join(run[2:]) for run in runs]
    models, control = called[:-1], called[-1]
    value = {name: value_of(run) for name, run in zip(called, runs, strict=True)}
    rows = []
    for place, other in enumerate(models[1:]):
        rows.append(("best", models[0], other, p if place == 0 else 1e-6))
    rows += [("control", model, control, 1e-9) for model in models]
    table = []
    for family, a, b, found in rows:
        apart = value[a] - value[b]
        table.append(
            (
                runs[0][0],
                "maxboxacc@50",
                "selected",
                family,
                a,
                b,
                apart,
                apart - 6,
                apart + 6,
                8.5,
                found,
                found,
                100,
                100,
                0,
                0,
            )
        )
    return pd.DataFrame(table, columns=COMPARED)


def strata(runs):
    rows = [
        (*run, table, stratum, "maxboxacc@50", choice, value_of(run) - 5 * place, 10.0, 95.0, 40 + place, 40)
        for run in runs
        for table, parts in STRATA.items()
        for place, stratum in enumerate(parts)
        for choice in ("oracle", "selected")
    ]
    columns = [*RUN, "table", "stratum", "metric", "choice", "value", "low", "high", "n", "groups"]
    return pd.DataFrame(rows, columns=columns).assign(spread=np.nan, trainings=0)


def failures(runs):
    """Of each rule the first kind has as much as the run's number, the others share the rest evenly."""
    rows = []
    for run in runs:
        for rule, kinds in FAILURES.items():
            if rule != "exact" and run[2] == "none":
                continue
            rest = (100 - value_of(run)) / (len(kinds) - 1)
            for place, kind in enumerate(kinds):
                value = rest if place else value_of(run)
                rows += [
                    (*run, rule, kind, choice, value, value - 1, value + 1, 100, 100)
                    for choice in ("oracle", "selected")
                ]
    columns = [*RUN, "rule", "kind", "choice", "value", "low", "high", "n", "groups"]
    return pd.DataFrame(rows, columns=columns).assign(spread=np.nan, trainings=0)


def curves(runs):
    rows = []
    for run in runs:
        top = value_of(run)
        for x in np.round(np.linspace(0, 1, 101), 2).tolist():
            rows.append((*run, "level", "maxboxacc@50", "report", x, top * (1 - (2 * x - 1) ** 2)))
            rows.append((*run, "level", "maxboxacc@50", "select", x, top * (1 - (2 * x - 0.9) ** 2) / 1.3))
        rows += [(*run, "iou", "gtknown_loc", "report", x, 100 - (100 - top) * 2 * x) for x in (0, 0.25, 0.5)]
        rows += [(*run, "iou", "gtknown_loc", "report", x, top * 2 * (1 - x)) for x in (0.75, 1.0)]
        rows += [(*run, "precision_recall", "pixel_ap", "report", x, 100 - x / 2) for x in (0.0, 50.0, 100.0)]
        rows += [
            (*run, "chosen", "maxboxacc@50", "selected", 0.45, top),
            (*run, "chosen", "maxboxacc@50", "oracle", 0.5, top + 2),
        ]
    return pd.DataFrame(rows, columns=[*RUN, "curve", "metric", "split", "x", "value"])


def tables(*evaluations, p=0.2, **runs):
    """All five tables, of evaluations of these names."""
    found = [names(evaluation, **runs) for evaluation in evaluations or ("e",)]
    makers = (scores, lambda own: comparisons(own, p), strata, failures, curves)
    return Tables(*(pd.concat([make(own) for own in found], ignore_index=True) for make in makers))


def history(count, validation=True, seed=0):
    """Of so many epochs: the loss falls by a tenth an epoch from 2, each seed's a little higher; accuracy grows."""
    epochs = np.arange(count)
    falling = 0.9**epochs * 2 + seed / 10
    found = pd.DataFrame({"epoch": epochs, "loss": falling, "accuracy": 1 - falling / 2.5})
    found["validation_loss"] = falling + 0.25 if validation else np.nan
    found["validation_accuracy"] = found["accuracy"] - 0.125 if validation else np.nan
    return found.assign(rate=0.01 * 0.1 ** (epochs // 15))


def trainings(name="net", seeds=(0,), epochs=20, **settings):
    """Trainings of one network that differ in their seeds, of 120 images of 6 classes."""
    given = recipe.settings(dataset="birds", epochs=epochs, **settings)
    found = []
    for seed in seeds:
        own = {"architecture": "MobileNetV2", "train": given | {"seed": seed}}
        told = history(epochs, given["validation"] is not None, seed)
        about = (f"{name}@0000000{seed}", name, seed, own, list(settings), 120, 6)
        found.append(TrainedSeed(*about, told))
    return found
