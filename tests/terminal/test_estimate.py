"""How long a run still takes: told from streams of jobs whose every second is known, against those seconds."""

import doctest
import heapq
import random
from collections.abc import Iterator
from itertools import zip_longest

import pytest

from wsol.terminal import estimate
from wsol.terminal.estimate import AtWork, Sized, TimeLeft

SHARD, LAST_SHARD = 2000, 700


def test_the_examples_of_the_docstrings_are_right():
    assert doctest.testmod(estimate).failed == 0


def job(stage: str, size: int = 1, name: str = "", threads: int = 1) -> Sized:
    return Sized((stage, name) if name else (stage,), size, threads)


def timed(found: TimeLeft, jobs: list[tuple[Sized, float]], at_once: int = 1) -> TimeLeft:
    """`found` when jobs of so many seconds have been done one after the other; the first begin `at_once`."""
    now = 0.0
    for number, (each, seconds) in enumerate(jobs):
        found.end(each, 0.0 if number < at_once else now, now + seconds)
        now += seconds
    return found


def test_what_is_left_is_the_images_left_by_the_seconds_of_an_image():
    found = TimeLeft(width=2)
    found.know([job("predict", 100, threads=2)] * 3 + [job("predict", 40, threads=2)] + [job("score")] * 3)
    timed(found, [(job("predict", 100, threads=2), 10)] * 2)
    # 140 images of 0.1 s that need both cores; nobody knows of the scores.
    assert found.left([]) == (pytest.approx(14), False)
    timed(found, [(job("score"), 4)])
    assert found.left([]) == (pytest.approx((2 * 14 + 2 * 4) / 2), True)


def test_little_that_is_done_tells_nothing_of_much():
    found = TimeLeft()
    found.know([job("localize", 10)] * 100)
    timed(found, [(job("localize", 10), 40)] + [(job("localize", 10), 1)] * 3)
    assert found.left([]) == (None, False)
    timed(found, [(job("localize", 10), 1)])
    assert found.left([]) == (pytest.approx(95), True)


def test_jobs_that_began_before_any_had_ended_may_have_compiled():
    found = TimeLeft(width=2)
    found.know([job("localize", 10)] * 12)
    timed(found, [(job("localize", 10), 80), (job("localize", 10), 80)], at_once=2)
    assert found.left([]) == (None, False)
    found.end(job("localize", 10), 160, 161)
    assert found.left([]) == (pytest.approx(9 * 1 / 2), True)


def test_few_large_jobs_are_told_from_the_first():
    found = TimeLeft()
    found.know([job("predict", 500)] * 4)
    timed(found, [(job("predict", 500), 300)])
    assert found.left([]) == (pytest.approx(900), True)


def test_a_network_says_nothing_of_another_and_a_threshold_does():
    found = TimeLeft(width=1)
    found.know([job("predict", 10, name) for name in ("small", "large") for _ in range(4)])
    timed(found, [(job("predict", 10, "small"), 5)] * 4)
    assert found.left([]) == (None, False)
    found.know([job("predict", 10, "small")] * 4 + [job("localize", 10, name) for name in "ab" for _ in range(2)])
    timed(found, [(job("localize", 10, "a"), 5)] * 2)
    assert found.left([]) == (pytest.approx(10), True)


def test_an_earlier_run_tells_until_this_one_does():
    found = TimeLeft(earlier={"localize": 0.5, "score": 7})
    found.know([job("localize", 10)] * 4 + [job("score")])
    assert found.left([]) == (pytest.approx(27), True)
    timed(found, [(job("localize", 10), 1)])
    assert found.left([]) == (pytest.approx(3 + 7), True)


def test_what_is_at_work_has_less_left_and_never_less_than_nothing():
    found = timed(TimeLeft(), [(job("predict", 9), 10)])
    found.know([job("predict", 9)] * 2)
    assert found.left([AtWork(job("predict", 9), 4)]) == (pytest.approx(6), True)
    assert found.left([AtWork(job("predict", 9), 500)]) == (0, True)


def test_one_long_job_is_not_halved_by_two_cores_nor_are_table_and_report():
    found = TimeLeft(width=2, earlier={"score": 60, "table": 5, "report": 20})
    found.know([job("score"), job("table"), job("report")])
    assert found.left([]) == (pytest.approx(85), True)
    assert found.left([AtWork(job("score"), 50)]) == (pytest.approx(35), True)


def test_a_cluster_counts_jobs_and_not_cores():
    found = TimeLeft(width=100, cluster=True, earlier={"predict": 10})
    found.know([job("predict", threads=16)] * 200)
    assert found.left([]) == (pytest.approx(20), True)


def test_nothing_is_left_of_nothing():
    assert TimeLeft().left([]) == (0, True)


def jobs_of(rates: dict[str, float], chance: random.Random, slow: list[float]) -> list[list[tuple[Sized, float]]]:
    """Stage after stage jobs with their true seconds: shards, a smaller one last, the first of `localize` `slow`er."""
    stages = []
    for stage, rate in rates.items():
        sizes = [1] * 8 if stage == "score" else [SHARD] * 25 + [LAST_SHARD]
        seconds = [rate * size * chance.uniform(0.85, 1.15) for size in sizes]
        if stage == "localize":
            seconds = [each + more for each, more in zip_longest(seconds, slow, fillvalue=0.0)]
        stages.append([(job(stage, size), each) for size, each in zip(sizes, seconds, strict=True)])
    return stages


def told(stages: list[list[tuple[Sized, float]]], width: int) -> Iterator[tuple[float, float | None, bool]]:
    """At the end of each job the true seconds to the end of all, and what is told: a naive scheduler plays them."""
    found, now, ends = TimeLeft(width=width), 0.0, []
    found.know(each for stage in stages for each, _ in stage)
    said = []
    for stage in stages:
        waiting, running = list(stage), []
        while waiting or running:
            while waiting and len(running) < width:
                each, seconds = waiting.pop(0)
                heapq.heappush(running, (now + seconds, now, each))
            now, since, each = heapq.heappop(running)
            found.end(each, since, now)
            ends.append(now)
            said.append(found.left([AtWork(other, now - begun) for _, begun, other in running]))
    return iter([(now - end, *each) for end, each in zip(ends, said, strict=True)])


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_no_number_is_wild(width, seed):
    """Of one core, two and four, with jobs that vary, and first ones that compile for as long as several others."""
    chance = random.Random(seed)
    rates = {stage: 10 ** chance.uniform(-3, -1.5) for stage in ("heatmap", "localize")} | {"score": 30.0}
    found = list(told(jobs_of(rates, chance, slow=[90.0] * width), width))
    complete = [(true, left) for true, left, whole in found if left is not None and whole]
    parts = [(true, left) for true, left, whole in found if left is not None and not whole]
    assert complete and parts
    for true, left in complete:
        assert abs(left - true) <= 0.25 * true + 20, (left, true)
    for true, left in parts:  # `over` so much is left: the stages ahead are not in it
        assert left <= 1.1 * true + 20, (left, true)
