"""How far a run is, and how long it still takes: jobs counted stage by stage."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from wsol.terminal import joblog, lines
from wsol.terminal.estimate import AtWork, Sized, TimeLeft

TARGETS = ("all", "targets")  # they ask for the others, and do nothing themselves; by the Snakefile that is run
PLAN = "plan"  # behind it stand jobs that nobody knows before


@dataclass
class Started:
    """A job at work since `since`, in seconds since 1970; `named` are the user's names, `log` its log's paths."""

    stage: str
    named: list[str]
    shard: str
    log: list[str]
    sized: Sized
    since: float

    @property
    def title(self) -> str:
        """What it is, within a sentence."""
        return lines.title(self.stage, self.named)

    @property
    def place(self) -> str:
        """What it is and of which images, for who has to find it again."""
        return f"{self.title} · images {self.shard}" if self.shard else self.title

    @property
    def own_log(self) -> str:
        """The rule's log, "" without one; a cluster's own log may follow it."""
        return self.log[0] if self.log else ""

    @property
    def epochs(self) -> joblog.Epochs | None:
        """How far a training is; None of any other job, and before it says so: an older log is of an earlier try."""
        found = joblog.epochs(self.own_log) if self.stage == "train" else None
        return found if found and found.since >= self.since - 1 else None

    def at_work(self, now: float) -> AtWork:
        """What is known of the time that it takes."""
        epochs = self.epochs
        own = (epochs.left(now), epochs.whole) if epochs else (None, None)
        return AtWork(self.sized, now - self.since, *own)

    def took(self, now: float, cluster: bool) -> float:
        """The seconds that all its work takes, when it has been done.

        On a cluster a job has waited in a queue, and behind those of its group: its log says what it took itself. Of a
        training that went on where another had ended, the epochs before count too.
        """
        used = joblog.cost(self.own_log) if cluster else None
        epochs = self.epochs
        before = (epochs.seconds or 0.0) * epochs.done if epochs else 0.0
        return max(used.wall if used else now - self.since, before)


@dataclass
class Progress:
    """The jobs of a run; `estimate` knows what time they take."""

    estimate: TimeLeft = field(default_factory=TimeLeft)
    jobs: Counter = field(default_factory=Counter)  # by stage, all that are known
    done: Counter = field(default_factory=Counter)
    running: dict[int, Started] = field(default_factory=dict)
    planned: bool = True  # whether all jobs are known

    def know(self, jobs: Iterable[Sized]) -> None:
        """Take the jobs of the run, finished ones included."""
        sized = [job for job in jobs if job.kind[0] not in TARGETS]
        self.jobs = Counter(job.kind[0] for job in sized)
        self.planned = self.done[PLAN] >= self.jobs[PLAN]
        self.estimate.know(sized)

    def start(self, number: int, job: Started) -> None:
        self.running[number] = job

    def end(self, number: int, now: float, done: bool) -> Started | None:
        """The job `number`, which is counted where it is `done`; None of one that was not known to run."""
        job = self.running.pop(number, None)
        if job and done and job.stage not in TARGETS:
            self.done[job.stage] += 1
            self.estimate.end(job.sized, now - job.took(now, self.estimate.cluster), now)
        return job

    @property
    def finished(self) -> int:
        return self.done.total()

    @property
    def total(self) -> int:
        return max(self.jobs.total(), self.finished)

    @property
    def count(self) -> str:
        """`12 of 38`, or `2 of 5+` before the plan."""
        return f"{self.finished} of {self.total}{'' if self.planned else '+'}"

    def left(self, now: float) -> tuple[float | None, bool]:
        """How many seconds are left, and whether all that is ahead is in them; None before the plan.

        Where something is not in them, more is left than this says.
        """
        if not self.planned or not self.jobs:
            return None, False
        return self.estimate.left([job.at_work(now) for job in self.running.values()])
