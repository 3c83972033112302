"""How long the jobs ahead still take, by those of their kind that have been done; nothing where too few have."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median_low
from typing import NamedTuple

from wsol.terminal import lines

ONCE = ("table", "reproduction", "report")  # at the end, one after the other; seconds: untimed is no uncertainty
NETWORKS = ("train", "predict")  # what one network takes says nothing of another
BASIS = 20  # times what is done of jobs alike: no more is told from that
FIRST = 4  # the same where only those are done that began before any had ended, and may have had to compile
LAST = 20  # jobs of a kind whose median says how long the next takes

Kind = tuple[str, ...]  # a job's stage, and what the user calls its decisions, but the data set


class Sized(NamedTuple):
    """A job of a run: its kind, how many images it works on, 1 where it counts none, and its threads."""

    kind: Kind
    size: int
    threads: int


def sized(stage: str, wildcards: Mapping[str, str], threads: int) -> Sized:
    """A job as Snakemake knows it: the trainings of one network are of one kind, and so is what each predicts.

    >>> sized("predict", {"dataset": "birds@1f3a5c77", "reading": "net@bbd3a5bd", "shard": "000000-000299"}, 2)
    Sized(kind=('predict', 'net'), size=300, threads=2)
    """
    shard = wildcards.get("shard")
    named = lines.names({kind: name for kind, name in wildcards.items() if kind != "dataset"})
    return Sized((stage, *named), lines.images(shard) if shard else 1, threads)


class AtWork(NamedTuple):
    """A job that has begun, and the seconds that it has taken.

    One that counts its own work, as a training its epochs, knows how many are `left`, and how many the `whole` takes.
    """

    job: Sized
    elapsed: float
    left: float | None = None
    whole: float | None = None


class Ahead(NamedTuple):
    """Work that is not done: its stage, seconds times the cores that it takes, seconds that its longest job takes."""

    stage: str
    work: float
    longest: float


@dataclass
class Pace:
    """The jobs of one kind: their images, those that are done, and the seconds that an image took."""

    images: int = 0
    largest: int = 0  # images of one job
    threads: int = 1
    done: int = 0
    first: deque[float] = field(default_factory=lambda: deque(maxlen=LAST))  # of jobs that began before any had ended
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=LAST))  # of those that began later


@dataclass
class TimeLeft:
    """The jobs of a run by their kind. `earlier`: seconds an image by stage, of the run before this one.

    `width` is how many cores, or jobs on a `cluster`, work at a time.
    """

    earlier: Mapping[str, float] = field(default_factory=dict)
    width: int = 1
    cluster: bool = False
    paces: dict[Kind, Pace] = field(default_factory=dict)
    _ended: dict[Kind, float] = field(default_factory=dict)  # when the first of jobs alike had ended

    def know(self, jobs: Iterable[Sized]) -> None:
        """Take all jobs of the run that are known, those that are done included."""
        for pace in self.paces.values():
            pace.images = 0
        for job in jobs:
            pace = self.paces.setdefault(job.kind, Pace())
            pace.images += job.size
            pace.largest = max(pace.largest, job.size)
            pace.threads = job.threads

    def end(self, job: Sized, since: float, now: float) -> None:
        """A job has been done that began at `since`, in seconds of any clock."""
        pace = self.paces.setdefault(job.kind, Pace(threads=job.threads))
        pace.done += job.size
        first = since < self._ended.setdefault(_alike(job.kind), now)
        (pace.first if first else pace.seconds).append((now - since) / job.size)

    def left(self, running: Iterable[AtWork]) -> tuple[float | None, bool]:
        """Seconds to the end, and whether all that is ahead is in them; None where nothing is known of it.

        It takes no less than the longest job ahead.
        """
        running = list(running)
        pending = {kind: pace.images - pace.done for kind, pace in self.paces.items() if pace.images > pace.done}
        usual, own = self._usual(), _of_running(running)
        rates = {kind: _rate(kind, usual.get(_alike(kind), {}), own, self.earlier) for kind in pending}
        known = {kind: rate for kind, rate in rates.items() if rate is not None}
        if pending and not known:
            return None, False
        ahead = list(self._ahead(pending, known, running))
        beside = [each for each in ahead if each.stage not in ONCE]
        last = sum(each.longest for each in ahead if each.stage in ONCE)
        longest = max((each.longest for each in beside), default=0)
        complete = all(kind in known or kind[0] in ONCE for kind in pending)
        return max(sum(each.work for each in beside) / self.width, longest) + last, complete

    def _ahead(
        self, pending: dict[Kind, int], rates: Mapping[Kind, float], running: Iterable[AtWork]
    ) -> Iterator[Ahead]:
        """What is left of each job at work, and then the jobs of each kind that have not begun."""
        for job, elapsed, left, _ in running:
            if job.kind in rates:
                pending[job.kind] -= job.size
                seconds = max(rates[job.kind] * job.size - elapsed, 0) if left is None else left
                yield Ahead(job.kind[0], seconds * self._share(job.threads), seconds)
        for kind, rate in rates.items():
            images, pace = max(pending[kind], 0), self.paces[kind]
            yield Ahead(kind[0], rate * images * self._share(pace.threads), rate * min(images, pace.largest))

    def _share(self, threads: int) -> int:
        return 1 if self.cluster else min(threads, self.width)

    def _usual(self) -> dict[Kind, dict[Kind, float]]:
        """Seconds an image of each kind, among those alike; none where too few of these are done."""
        groups: dict[Kind, dict[Kind, Pace]] = defaultdict(dict)
        for kind, pace in self.paces.items():
            groups[_alike(kind)][kind] = pace
        return {group: _medians(paces) for group, paces in groups.items()}


def _alike(kind: Kind) -> Kind:
    """What jobs have in common from which one may tell of another: the network, or else the stage."""
    return kind if kind[0] in NETWORKS else kind[:1]


def _medians(paces: Mapping[Kind, Pace]) -> dict[Kind, float]:
    images, done = sum(pace.images for pace in paces.values()), sum(pace.done for pace in paces.values())
    later = {kind: median_low(pace.seconds) for kind, pace in paces.items() if pace.seconds}
    if later:
        return later if done * BASIS >= images else {}
    first = {kind: median_low(pace.first) for kind, pace in paces.items() if pace.first}
    return first if done * FIRST >= images else {}


def _of_running(running: Iterable[AtWork]) -> dict[Kind, float]:
    """Seconds an image of each kind by the jobs at work that say how long they take."""
    found: dict[Kind, list[float]] = defaultdict(list)
    for each in running:
        if each.whole is not None:
            found[each.job.kind].append(each.whole / each.job.size)
    return {kind: median_low(seconds) for kind, seconds in found.items()}


def _rate(
    kind: Kind, usual: Mapping[Kind, float], running: Mapping[Kind, float], earlier: Mapping[str, float]
) -> float | None:
    """Seconds an image: by jobs of the kind, of those alike, at work, of an earlier run; None where there are none."""
    if kind in usual or not usual:
        return usual.get(kind, running.get(kind, earlier.get(kind[0])))
    return median_low(usual.values())
