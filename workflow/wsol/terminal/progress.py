"""How far a run is, and how long it still takes: jobs counted and timed stage by stage."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from wsol.terminal import lines

TARGETS = ("all", "targets")  # they ask for the others, and do nothing themselves; by the Snakefile that is run
PLAN = "plan"  # behind it stand jobs that nobody knows before
ONCE = ("table", "report")  # come at the very end and take seconds: that they are untimed is no uncertainty
LAST = 20  # jobs of a stage that say how long the next takes


def _timings() -> dict[str, deque[float]]:
    return defaultdict(lambda: deque(maxlen=LAST))


@dataclass
class Started:
    """A job at work since `since`, in seconds since 1970; `named` are the user's names, `log` its log's paths."""

    stage: str
    named: list[str]
    shard: str
    log: list[str]
    threads: int
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


@dataclass
class Progress:
    """The jobs of a run. Times are in seconds; `width` is how many cores, or jobs on a cluster, work at a time."""

    width: int = 1
    cluster: bool = False
    jobs: Counter = field(default_factory=Counter)  # by stage, all that are known
    done: Counter = field(default_factory=Counter)
    # By stage: seconds times the cores that were taken. The median is asked of it: the first may have to compile.
    work: dict[str, deque[float]] = field(default_factory=_timings)
    running: dict[int, Started] = field(default_factory=dict)
    planned: bool = True  # whether all jobs are known

    def know(self, jobs: Mapping[str, int]) -> None:
        """Take the number of jobs of each stage, finished ones included, as Snakemake counts them."""
        self.jobs = Counter({stage: n for stage, n in jobs.items() if stage not in (*TARGETS, "total")})
        self.planned = self.done[PLAN] >= self.jobs[PLAN]

    def start(self, number: int, job: Started) -> None:
        self.running[number] = job

    def end(self, number: int, now: float, done: bool) -> Started | None:
        """The job `number`, which is counted where it is `done`; None of one that was not known to run."""
        job = self.running.pop(number, None)
        if job and done and job.stage not in TARGETS:
            self.done[job.stage] += 1
            self.work[job.stage].append((now - job.since) * self._share(job))
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
        """How many seconds are left by the jobs that have finished, and whether every stage has been timed.

        None before the plan. A stage whose first job still runs takes no time here: then more is left than this says.
        """
        if not self.planned or not self.finished:
            return None, False
        remaining = self.jobs - self.done
        usual = {stage: median(times) for stage, times in self.work.items()}
        work = sum(n * usual.get(stage, 0) for stage, n in remaining.items())
        for job in self.running.values():
            work -= min((now - job.since) * self._share(job), usual.get(job.stage, 0))
        untimed = set(remaining) - set(usual) - set(ONCE)
        return max(work, 0) / self.width, not untimed

    def _share(self, job: Started) -> int:
        return 1 if self.cluster else min(job.threads, self.width)
