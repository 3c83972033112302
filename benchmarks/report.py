"""What the report's page costs: `python benchmarks/report.py [--targets 50000] [--runs 8] [--classes 1000]`.

Makes the five tables that a run over so many targets ends in, random but of the right sizes, writes them as CSV, and
times what the report stage does with them: reading, and making the page. Prints seconds, the page's size, and the most
memory that the process had. Pictures are not part of it.
"""

import argparse
import resource
import sys
import tempfile
import time
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.page.page import page
from wsol.page.seen import Tables
from wsol.report.tables import read
from wsol.scores.comparisons import COLUMNS
from wsol.scores.failures import FAILURES

METRICS = ("maxboxacc@50", "maxboxacc_v2", "gtknown_loc", "top1_loc", "top5_loc", "pointing_game")
CHOICES = ("selected", "oracle")
RANDOM = np.random.default_rng(0)


def values(frame: pd.DataFrame, targets: int) -> pd.DataFrame:
    """The rows with a number, its interval and how many targets it is of."""
    value = RANDOM.uniform(20, 90, len(frame))
    return frame.assign(
        value=value, low=value - 3, high=value + 3, n=targets, groups=targets, spread=np.nan, trainings=0
    )


def crossed(runs: pd.DataFrame, columns: list[str], rows: list) -> pd.DataFrame:
    """Every run with each of some rows."""
    return runs.merge(pd.DataFrame(rows, columns=columns), how="cross")


def tables(targets: int, runs: int, classes: int) -> Tables:
    """The five tables, of one evaluation."""
    named = [("e", "d", f"network{i}", "gradcam", "sweep") for i in range(runs - 1)] + [
        ("e", "d", "none", "center", "sweep")
    ]
    own = pd.DataFrame(named, columns=["evaluation", "dataset", "backbone", "cam", "threshold"])
    strata = [("class", f"class {i}") for i in range(classes)] + [
        (table, str(i))
        for table in ("coco_area", "area_fraction", "objects", "centre_distance", "aspect")
        for i in range(4)
    ]
    by_stratum = [(*stratum, *rest) for stratum, rest in product(strata, product(METRICS, CHOICES))]
    kinds = [(rule, kind, choice) for rule, found in FAILURES.items() for kind in found for choice in CHOICES]
    levels = np.round(np.linspace(0, 1, 101), 2).tolist()
    curves = [("level", metric, split, x) for metric, split, x in product(METRICS[:2], ("report", "select"), levels)]
    curves += [("iou", "gtknown_loc", "report", x) for x in levels[::5]]
    curves += [("chosen", metric, choice, 0.5) for metric, choice in product(METRICS[:2], CHOICES)]
    drawn = crossed(own, ["curve", "metric", "split", "x"], curves)
    return Tables(
        values(crossed(own, ["metric", "choice"], [*product(METRICS, CHOICES)]), targets).assign(each=""),
        comparisons(own, targets),
        values(crossed(own, ["table", "stratum", "metric", "choice"], by_stratum), max(1, targets // classes)),
        values(crossed(own, ["rule", "kind", "choice"], kinds), targets),
        drawn.assign(value=RANDOM.uniform(20, 90, len(drawn))),
    )


def comparisons(runs: pd.DataFrame, targets: int) -> pd.DataFrame:
    """Every two runs, in every metric."""
    called = (runs["backbone"] + "/" + runs["cam"] + "/" + runs["threshold"]).tolist()
    numbers = (1.0, -1.0, 3.0, 2.9, 0.04, 0.3, targets, targets, 0, 0)
    rows = [
        ("e", metric, "selected", family, a, b, *numbers)
        for metric, family, (a, b) in product(METRICS, ("all", "best"), combinations(called, 2))
        if family == "all" or a == called[0]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("targets", 50_000), ("runs", 8), ("classes", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables(given.targets, given.runs, given.classes)._asdict().items():
            table.to_csv(Path(folder, f"{name}.csv"), index=False)
        start = time.perf_counter()
        found = Tables(*(read(Path(folder, f"{name}.csv")) for name in Tables._fields))
        took = time.perf_counter() - start
        html = page(found)
        made = time.perf_counter() - start - took
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    rows = ", ".join(f"{len(table)} rows of {name}" for name, table in found._asdict().items())
    print(f"{given.targets} targets x {given.runs} runs: {rows}")
    print(f"read in {took:.1f} s, made in {made:.1f} s; {len(html.encode()) / 1e6:.2f} MB; at most {most:.2f} GB")


if __name__ == "__main__":
    main()
