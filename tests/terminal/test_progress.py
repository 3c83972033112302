"""How far a run is, and how long it still takes."""

from wsol.terminal.progress import Progress, Started


def job(stage: str, since: float = 0, threads: int = 1) -> Started:
    return Started(stage, [], "", [], threads, since)


def after(progress: Progress, jobs: list[tuple[str, float]], threads: int = 1) -> Progress:
    """`progress` when jobs of so many seconds have been done."""
    for number, (stage, seconds) in enumerate(jobs):
        progress.start(number, job(stage, threads=threads))
        progress.end(number, seconds, done=True)
    return progress


def test_more_jobs_than_are_known_stand_behind_the_plan():
    progress = Progress()
    progress.know({"index": 2, "plan": 1, "all": 1, "total": 4})
    assert progress.count == "0 of 3+" and progress.left(0) == (None, False)
    after(progress, [("index", 1), ("index", 1), ("plan", 1)])
    assert progress.count == "3 of 3+"
    progress.know({"index": 2, "plan": 1, "predict": 4, "all": 1, "total": 8})
    assert progress.count == "3 of 7"


def test_what_is_left_takes_as_long_as_its_stages_did():
    progress = Progress(width=2)
    progress.know({"predict": 4, "score": 3, "table": 1, "report": 1})
    after(progress, [("predict", 10), ("predict", 10)], threads=2)
    # Two predictions of 10 s that need both cores; nobody knows of the scores.
    assert progress.left(0) == (20, False)
    after(progress, [("score", 4)])
    assert progress.left(0) == ((2 * 20 + 2 * 4) / 2, True)


def test_the_first_job_of_a_stage_may_be_slow():
    progress = Progress()
    progress.know({"localize": 10})
    after(progress, [("localize", 40), ("localize", 1), ("localize", 1)])
    assert progress.left(0) == (7, True)


def test_what_is_at_work_has_less_left_and_never_less_than_nothing():
    progress = Progress()
    progress.know({"predict": 2})
    after(progress, [("predict", 10)])
    progress.start(7, job("predict", since=100))
    assert progress.left(104) == (6, True) and progress.left(500) == (0, True)


def test_a_cluster_counts_jobs_and_not_cores():
    progress = Progress(width=100, cluster=True)
    progress.know({"predict": 201})
    after(progress, [("predict", 10)], threads=16)
    assert progress.left(0) == (20, True)


def test_a_job_that_failed_is_not_counted():
    progress = Progress()
    progress.know({"predict": 2})
    progress.start(1, job("predict"))
    assert progress.end(1, 5, done=False).stage == "predict" and progress.count == "0 of 2"
    assert progress.end(1, 5, done=False) is None
