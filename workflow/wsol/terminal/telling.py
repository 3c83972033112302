"""What is told of a job when it ends, and of a run while it lasts."""

import os
from dataclasses import dataclass
from pathlib import Path

from wsol.terminal import joblog, lines
from wsol.terminal.joblog import Epochs
from wsol.terminal.lines import CUT
from wsol.terminal.progress import Progress, Started

RUNNING_SHOWN = 2


@dataclass(frozen=True)
class Failure:
    """A job that failed: what it was, why, and where its log lies, and the one that a cluster keeps of it."""

    title: str
    reason: str
    log: str
    clusters: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.reason}"


def finished(job: Started, progress: Progress, now: float) -> str:
    """The one line of a job that has been done."""
    size, speed = _measured(job, now - job.since)
    remaining = lines.left(*progress.left(now))
    return lines.line(job.stage, [*job.named, size, speed, progress.count, remaining])


def failed(job: Started, progress: Progress) -> str:
    """The one line of a job that has not; why is said at the end of the run."""
    return lines.line(job.stage, [*job.named, "failed", progress.count])


def live(progress: Progress, now: float, columns: int) -> str:
    """The line at the bottom: how much of the run is done, and what is at work."""
    jobs = list(progress.running.values())
    first = [progress.count, lines.left(*progress.left(now))]
    parts = [*first, *map(_doing, jobs[:RUNNING_SHOWN])]
    if len(jobs) > RUNNING_SHOWN:
        parts.append(f"{len(jobs) - RUNNING_SHOWN} more")
    choices = [parts]
    if len(jobs) == 1 and (epochs := jobs[0].epochs):
        said = _training(epochs)
        choices = [*([*first, jobs[0].title, *said[:many]] for many in range(len(said), 0, -1)), parts]
    drawn = [lines.bar(progress.finished, progress.total, each, columns) for each in choices]
    return next((text for text in drawn if not text.endswith(CUT)), drawn[-1])


def _training(epochs: Epochs) -> list[str]:
    """What is said of a training that has the machine to itself, in the order in which there has to be room for it."""
    said = [f"epoch {epochs.done} of {epochs.total}", *_measured_by(epochs)]
    if epochs.seconds is not None:
        said += [f"rate {epochs.rate}", f"{lines.duration(epochs.seconds)} an epoch"]
    return said


def _measured_by(epochs: Epochs) -> list[str]:
    """What the last epoch was like.

    >>> _measured_by(Epochs(3, 50, 0.0, 17.2, 0.9657, 0.635, 0.6))
    ['loss 0.97', 'accuracy 64 %', 'validation 60 %']
    """
    found = [] if epochs.loss is None else [f"loss {epochs.loss:.2f}"]
    for word, share in (("accuracy", epochs.accuracy), ("validation", epochs.validation)):
        found += [] if share is None else [f"{word} {100 * share:.0f} %"]
    return found


def summary(progress: Progress, seconds: float, report: str, where: str) -> str:
    """The line of a run that has come to its end; a run of some stages alone (`--until`) may have no report."""
    parts = [f"{progress.finished} jobs in {lines.duration(seconds)}", report, where]
    return " · ".join(part for part in parts if part)


def ending(progress: Progress, failed: int, interrupted: bool) -> str:
    """What a run that has not come to its end leaves behind, and what to do."""
    done = f"{progress.count} jobs are done and stay done."
    if interrupted:
        return f"Stopped. {done} The same command goes on from there."
    many = f"{failed} job{'s' if failed > 1 else ''} failed. " if failed else ""
    return f"{many}{done} Mend that, then give the same command again."


def where(logs: list[str], verbose: bool) -> str:
    """Where Snakemake's own words lie, below the working directory if they do."""
    paths = [os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path for path in logs]
    return f"Snakemake's words: {', '.join(paths)}{'' if verbose else ' (VERBOSE=1 prints them)'}"


def _measured(job: Started, seconds: float) -> tuple[str, str]:
    """How many images a job had, and how fast it was; without a shard, how long it took."""
    if not job.shard:
        number = joblog.images(job.own_log)
        said = [f"{number} images"] if number else []
        if epochs := job.epochs:
            said += [f"{epochs.done} epochs", *_measured_by(epochs)[1:]]
        return " · ".join(said), lines.duration(seconds)
    number = lines.images(job.shard)
    count = joblog.counted(job.own_log)
    # A job that counts images knows how long they took without its own start.
    if count and count.unit == "images" and count.seconds:
        seconds = count.seconds
    return f"{number} images", lines.rate(number, seconds)


def _doing(job: Started) -> str:
    count = joblog.counted(job.own_log)
    how_far = f" {count.done}/{count.total}" if count else ""
    return f"{lines.title(job.stage, job.named[:1])}{how_far}"
