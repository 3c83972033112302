"""Where the time went: what the jobs of each stage have used, by the last lines of their logs.

Snakemake's own `benchmark:` looks at a job every half second, after fifteen seconds every half minute: it misses what
a job holds between two looks, and the CPU after the last one. So each job says itself what it has used.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from wsol.files.formats import atomic
from wsol.terminal import joblog, lines

COLUMNS = ("stage", "jobs", "images", "wall_s", "cpu_s", "peak_mb", "images_per_s", "images_per_cpu_s")
SHOWN = 8  # stages that the terminal has a line for
# Stages whose jobs work on a shard each; all others are timed by the job, however many images it works on.
SHARDED = frozenset({"predict", "logits", "heatmap", "control", "imported", "refine", "localize"})
HEADINGS = ("", "jobs", "images", "wall", "CPU", "peak", "images/s")


class Ended(NamedTuple):
    """A job that has done its work: its stage, how many images it worked on, 0 where it works on tables, its log."""

    stage: str
    images: int
    log: str


class StageCost(NamedTuple):
    """What the jobs of a stage have used: sums over the jobs, but of memory the most of any."""

    stage: str
    jobs: int
    images: int
    wall: float  # seconds; those of jobs that ran at once are added
    cpu: float  # seconds, of all threads
    peak: float  # MB

    @property
    def speed(self) -> float:
        """Images per second of a job; 0 where it has none."""
        return self.images / max(self.wall, 0.01)

    @property
    def row(self) -> list[str]:
        """Its line of the file, where a stage without images has no speed."""
        speeds = [f"{self.images / max(seconds, 0.01):.3f}" if self.images else "" for seconds in (self.wall, self.cpu)]
        used = [f"{self.wall:.2f}", f"{self.cpu:.2f}", f"{self.peak:.0f}"]
        return [self.stage, str(self.jobs), str(self.images or ""), *used, *speeds]


def of_stages(jobs: Iterable[Ended], order: Sequence[str]) -> list[StageCost]:
    """What each stage has used, in this order of stages; jobs whose logs do not say are left out."""
    found: dict[str, StageCost] = {}
    for stage, images, log in jobs:
        if used := joblog.cost(log):
            one = StageCost(stage, 1, images, used.wall, used.cpu, used.peak)
            found[stage] = _together(stage, [found[stage], one]) if stage in found else one
    return sorted(found.values(), key=lambda cost: order.index(cost.stage) if cost.stage in order else len(order))


def _together(name: str, costs: Sequence[StageCost]) -> StageCost:
    _, jobs, images, wall, cpu, peak = zip(*costs, strict=True)
    return StageCost(name, sum(jobs), sum(images), sum(wall), sum(cpu), max(peak))


def write(path: str | Path, costs: Iterable[StageCost]) -> None:
    """A line for each stage, in their order."""
    with atomic(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *(cost.row for cost in costs)])


def read(path: str | Path) -> list[StageCost]:
    """What `write` has written; [] where there is no such file, or another one."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        if tuple(head) != COLUMNS:
            return []
        return [StageCost(row[0], int(row[1]), int(row[2] or 0), *map(float, row[3:6])) for row in rows]
    except (OSError, ValueError, IndexError, TypeError):  # it is for whoever looks on: no result depends on it
        return []


def shown(costs: Sequence[StageCost]) -> Iterator[str]:
    """The stages as lines for the terminal, with a heading; the quickest share one where there are many."""
    kept = sorted(costs, key=lambda cost: cost.wall, reverse=True)
    if len(kept) > SHOWN:
        kept = kept[: SHOWN - 1]
    rest = [cost for cost in costs if cost not in kept]
    every = [cost for cost in costs if cost in kept] + ([_together(f"{len(rest)} others", rest)] if rest else [])
    rows = [HEADINGS, *map(cells, every)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        yield "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]).rstrip()


def cells(cost: StageCost) -> tuple[str, ...]:
    images, speed = (f"{cost.images:,}", f"{cost.speed:,.1f}") if cost.images else ("", "")
    times = [lines.duration(seconds) if seconds >= 10 else f"{seconds:.1f} s" for seconds in (cost.wall, cost.cpu)]
    return cost.stage, str(cost.jobs), images, *times, f"{cost.peak:,.0f} MB", speed


def total(costs: Sequence[StageCost], seconds: float, cores: int) -> str:
    """How long a run took, and which share of its cores' time no job used; `cores` is 0 on a cluster.

    >>> total([StageCost("localize", 2, 80, 30.0, 45.0, 200.0)], 50, 2)
    '50 s on 2 cores: jobs used 45 %, 55 % went by waiting'
    """
    if not cores:
        return f"{lines.duration(seconds)}, and {lines.duration(sum(cost.cpu for cost in costs))} of CPU in jobs"
    used = min(sum(cost.cpu for cost in costs) / max(seconds * cores, 0.01), 1)
    percent = round(100 * used)
    many = f"{cores} cores" if cores > 1 else "1 core"
    return f"{lines.duration(seconds)} on {many}: jobs used {percent} %, {100 - percent} % went by waiting"


def by_images(costs: Iterable[StageCost]) -> Mapping[str, float]:
    """Seconds of what `estimate.sized` counts, by stage: an image of a stage in shards, a job of any other."""
    return {cost.stage: cost.wall / max(cost.images if cost.stage in SHARDED else cost.jobs, 1) for cost in costs}
