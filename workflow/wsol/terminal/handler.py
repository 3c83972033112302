"""What Snakemake logs, told as one calm line per job; everything else of it stays in its own log."""

import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from wsol.job import KILLED, STOPPED
from wsol.terminal import cluster, costs, joblog, lines, telling
from wsol.terminal.estimate import TimeLeft, sized
from wsol.terminal.progress import TARGETS, Progress, Started
from wsol.terminal.screen import Aside, Screen

SECONDS_BETWEEN_LOOKS = 0.5
SHORT = 30  # seconds: jobs of no decision of the user's (plan, table, report) have a line if they take longer
TOLD_BETTER = ("At least one job did not complete", "Exiting because a job execution failed")
BEFORE_THE_RUN = "Assuming unrestricted"  # what the file system is used for
STATUS = re.compile(r"returned non-zero exit status (\d+)|died with <Signals\.\w+: (\d+)>")


class Calm(logging.Handler):
    """Listens to Snakemake's logger from the start of a run on.

    `jobs` are the known ones that have to run or have run: their rule, wildcards and threads. Where `verbose`,
    Snakemake speaks for itself, and only failures are noted. `called` has what decisions are called that their names
    alone do not tell apart; `earlier` is what stages used before this run.
    """

    def __init__(
        self,
        screen: Screen,
        logs: list[str],
        jobs: Callable[[], Iterable[tuple[str, Mapping[str, str], int]]],
        verbose: bool = False,
        called: Mapping[str, str] = {},
        earlier: Iterable[costs.StageCost] = (),
    ):
        super().__init__()
        self.screen = screen
        self.logs = logs
        self.verbose = verbose or not logs
        self.progress = Progress(TimeLeft(earlier=costs.by_images(earlier)))
        self.ended: set[str] = set()  # logs of the jobs that this run has done
        self.failed: dict[int, telling.Failure] = {}
        self.interrupted = False
        self.begun = 0.0
        self._jobs = jobs
        self._called = called
        self._total = 0
        self._finished: list[tuple[Started, float]] = []
        self._grouped: set[int] = set()
        self._asked: dict[int, Mapping[str, Any]] = {}
        self._status: int | None = None
        self._aside: Aside | None = None
        self._ended = threading.Event()

    def lets_pass(self, record: logging.LogRecord) -> bool:
        """A filter for the handler that writes Snakemake's words to the terminal: what belongs to no run."""
        if self.verbose:
            return True
        event = str(getattr(record, "event", None))
        told = event == "workflow_started" or record.getMessage().startswith(BEFORE_THE_RUN)
        return not self.begun and not told

    def quieten(self, logger: logging.Logger) -> None:
        """Join `logger`, and let its handler of the terminal pass on only what belongs to no run."""
        for handler in logger.handlers:
            if handler.name == "DefaultStreamHandler":
                handler.addFilter(self.lets_pass)
        logger.addHandler(self)

    def uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An excepthook: Ctrl-C while Snakemake still looks around is no defect that wants a traceback."""
        self.end()
        if issubclass(kind, KeyboardInterrupt):
            self.screen.say("Stopped before a job was begun.")
        else:
            sys.__excepthook__(kind, error, trace)

    def emit(self, record: logging.LogRecord) -> None:
        """Answer a record: `_on_EVENT` where there is one; what Snakemake says in words has no event."""
        event = str(getattr(record, "event", None) or "")
        try:
            if answer := getattr(self, f"_on_{event}", None):
                answer(record)
            elif self.begun and not self.verbose:
                self._on_words(record)
        except Exception:  # a defect here must not end a run
            self.handleError(record)

    def _on_workflow_started(self, record: logging.LogRecord) -> None:
        # From here on the terminal is this process's alone; what others write there would break the live line.
        self.begun = record.created
        if not self.verbose:
            self._aside = Aside(self.logs[0])
            if self.screen.tty:
                threading.Thread(target=self._look, daemon=True).start()

    def _on_resources_info(self, record: logging.LogRecord) -> None:
        estimate = self.progress.estimate
        if nodes := getattr(record, "nodes", None):
            estimate.width, estimate.cluster = nodes, True
        elif cores := getattr(record, "cores", None):
            estimate.width = cores

    def _on_run_info(self, record: Any) -> None:
        self._know()

    def _know(self) -> None:
        self.progress.know([sized(*job) for job in self._jobs()])

    def _on_job_info(self, record: Any) -> None:
        self._asked[record.jobid] = dict(getattr(record, "resources", None) or {})
        found = dict(record.wildcards.items())
        shard = found.get("shard", "")
        size = sized(record.rule_name, found, record.threads)
        job = Started(record.rule_name, lines.names(found, self._called), shard, list(record.log), size, record.created)
        self.progress.start(record.jobid, job)

    def _on_job_finished(self, record: Any) -> None:
        job = self.progress.end(record.job_id, record.created, done=True)
        self.failed.pop(record.job_id, None)
        if job and job.stage not in TARGETS:
            self._finished.append((job, record.created))
            self.ended.add(job.own_log)

    def _on_progress(self, record: Any) -> None:
        """Snakemake counts behind every job that has finished; only now it is known of how many it is one."""
        if record.total != self._total:  # the plan has brought new ones
            self._total = record.total
            self._know()
        for job, when in self._finished:
            if not self.verbose:
                self._tell(job, when)
        self._finished.clear()

    def _on_job_error(self, record: Any) -> None:
        if record.jobid in self._grouped:  # said of its group
            self._grouped.discard(record.jobid)
            return
        said = getattr(record, "rule_msg", None)
        self._fail(record.jobid, record.rule_name, list(record.log), record.created, said)

    def _on_group_error(self, record: Any) -> None:
        """A group of jobs is made again as one; those are told of that were at work."""
        jobs = {job["jobid"]: job for job in record.job_error_info}
        self._grouped.update(jobs)
        for number in jobs:  # what an earlier try of the group came to
            self.failed.pop(number, None)
            self._asked.pop(number, None)  # the cluster ended it by the group's limits, not by its own
        since = min((self.progress.running[n].since for n in jobs if n in self.progress.running), default=self.begun)
        for job in cluster.unfinished(list(jobs.values()), since):
            self._fail(job["jobid"], job["rule_name"], [*job["log"], *record.aux_logs], record.created)
        for number in jobs:
            self.progress.end(number, record.created, done=False)

    def _on_error(self, record: logging.LogRecord) -> None:
        """An exception: of a job's program, which `job_error` follows, or of Snakemake itself."""
        text = record.getMessage().strip()
        if "CalledProcessError" in text:
            self._status = _status(text)
        elif self.begun and not self.verbose and not any(known in text for known in TOLD_BETTER):
            self.screen.warn(text)

    def _on_words(self, record: logging.LogRecord) -> None:
        """What Snakemake says in words: the few of them that concern the user."""
        text = record.getMessage().strip()
        if text.startswith("Nothing to be done"):
            self.screen.say("Nothing to be done: every file is there and up to date.")
        elif text.startswith("SLURM run ID"):  # what its jobs are cancelled by, should this process not live to do so
            self.screen.say(text)
        elif text.startswith("Terminating processes on user request"):
            self.interrupted = True
        elif text.startswith("Will exit after finishing"):
            self.screen.warn("asked to end: the jobs at work are finished first.")
        elif record.levelno >= logging.WARNING and not text.startswith(TOLD_BETTER):
            self.screen.warn(text)

    def _tell(self, job: Started, now: float) -> None:
        if job.named or now - job.since >= SHORT:
            self.screen.say(telling.finished(job, self.progress, now))
        for words in joblog.told(job.own_log):
            self.screen.warn(f"{job.title}: {words}")

    def _fail(self, number: int, stage: str, logs: list[str], now: float, said: str | None = None) -> None:
        job = self.progress.end(number, now, done=False)
        status, self._status = self._status, None
        self.interrupted = self.interrupted or status == STOPPED
        if self.interrupted:
            return
        job = job or Started(stage, [], "", logs, sized(stage, {}, 1), self.begun)
        clusters = logs[1] if len(logs) > 1 else ""  # a rule has one log, which a cluster's own follows
        word = cluster.ended(said, clusters)
        asked = self._asked.get(number, {})
        why = cluster.reason(word, stage, job.shard, asked) if word else joblog.reason(logs, job.since, status)
        self.failed[number] = telling.Failure(job.place, why, job.own_log, clusters)
        if not self.verbose:
            self.screen.warn(telling.failed(job, self.progress))

    def _look(self) -> None:
        """The live line, until the run ends."""
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            with self.lock:  # type: ignore[union-attr]
                if not self._ended.is_set():
                    self._draw()

    def _draw(self) -> None:
        self.screen.live(telling.live(self.progress, time.time(), self.screen.columns))

    def end(self) -> None:
        """No live line any more."""
        with self.lock:  # type: ignore[union-attr]
            self._ended.set()
            self.screen.clear()

    def summarise(self, report: str) -> None:
        """The line before the leaderboard."""
        self.end()
        self.screen.say(telling.summary(self.progress, time.time() - self.begun, report, self._where()))

    def account(self, used: Sequence[costs.StageCost], kept: str) -> None:
        """The last lines: where the time went of the jobs of this run, and where it is `kept` with that of all."""
        estimate = self.progress.estimate
        for text in costs.shown(used):
            self.screen.say(text)
        cores = 0 if estimate.cluster else estimate.width
        self.screen.say(f"{costs.total(used, time.time() - self.begun, cores)} · {kept}")

    def explain(self) -> None:
        """Why a run has not come to its end, and what to do."""
        self.end()
        for failure in self.failed.values():
            self.screen.warn(str(failure))
            self.screen.say(f"  log: {failure.log}")
            if failure.clusters:
                self.screen.say(f"  the cluster's: {failure.clusters}")
        self.screen.say(telling.ending(self.progress, len(self.failed), self.interrupted))
        self.screen.say(self._where())

    def _where(self) -> str:
        return telling.where(self.logs, self.verbose)

    def close(self) -> None:
        self.end()
        if self._aside:
            self._aside.back()
            self._aside = None
        super().close()


def _status(text: str) -> int | None:
    """What a job's program ended with, as a shell says it: a signal is 128 and its number."""
    if found := STATUS.search(text):
        return int(found[1]) if found[1] else KILLED + int(found[2])
    return None
