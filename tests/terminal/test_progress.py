"""How far a run is."""

from pathlib import Path

import pytest

from wsol.terminal.estimate import Sized, TimeLeft
from wsol.terminal.progress import Progress, Started


def job(stage: str, since: float = 0) -> Started:
    return Started(stage, [], "", [], Sized((stage,), 1, 1), since)


def known(**counts: int) -> list[Sized]:
    return [Sized((stage,), 1, 1) for stage, count in counts.items() for _ in range(count)]


def after(progress: Progress, stages: list[str]) -> Progress:
    """`progress` when jobs of these stages have been done, a second each."""
    for number, stage in enumerate(stages):
        progress.start(number, job(stage))
        progress.end(number, 1, done=True)
    return progress


def test_more_jobs_than_are_known_stand_behind_the_plan():
    progress = Progress(TimeLeft(earlier={"index": 3.0}))
    progress.know(known(index=2, plan=1, all=1))
    assert progress.count == "0 of 3+" and progress.left(0) == (None, False)
    after(progress, ["index", "index", "plan"])
    assert progress.count == "3 of 3+" and progress.left(0) == (None, False)
    progress.know(known(index=2, plan=1, predict=4, all=1))
    assert progress.count == "3 of 7"


def test_a_job_that_failed_is_not_counted_and_tells_nothing_of_time():
    progress = Progress()
    progress.know(known(predict=2))
    progress.start(1, job("predict"))
    assert progress.end(1, 5, done=False).stage == "predict" and progress.count == "0 of 2"
    assert progress.end(1, 5, done=False) is None and progress.left(5) == (None, False)


@pytest.mark.parametrize(("cluster", "said", "left"), [(True, True, 40), (False, True, 200), (True, False, 200)])
def test_a_job_of_a_group_on_a_cluster_took_what_its_log_says(tmp_path: Path, cluster: bool, said: bool, left: float):
    """Five of seven shards as one job of 100 s, which Snakemake says of each: two are left of 20 s, were it known."""
    progress = Progress(TimeLeft(cluster=cluster))
    progress.know([Sized(("localize",), 10, 1)] * 7)
    for number in range(5):
        log = tmp_path / f"{number}.log"
        log.write_text("used: 20.00 s, 8.00 s of CPU, 90 MB at most\n" if said else "drawn\n")
        progress.start(number, Started("localize", [], "", [str(log), "slurm.log"], Sized(("localize",), 10, 1), 0))
    for number in range(5):
        progress.end(number, 100, done=True)
    assert progress.finished == 5 and progress.left(100) == (pytest.approx(left), True)
