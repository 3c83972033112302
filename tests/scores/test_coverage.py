"""Intervals cover and comparisons err as often as they say, the choice of the level included: simulated, truth known.

A `selected` number's interval is of what the whole procedure has on average: the accuracy at the level that so many
images choose, over all such choices.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from wsol.scores.comparisons import comparisons
from wsol.scores.curves import HitIntervals
from wsol.scores.evaluate import evaluate
from wsol.scores.outcome import Outcome
from wsol.scores.runs import ScoredRun

GRID = np.arange(0, 1, 0.005)
RESAMPLES = 500
METRIC = "maxboxacc@50"


def drawn(random, n, *, shift=0.0, never=0.15, shared=0.0, common=None):
    """(lo, hi] [n] of levels at which each is hit, lo >= hi for never; `shared` of the noise is `common`'s [2 n]."""
    own = random.normal(size=(2, n))
    noise = own if common is None else np.sqrt(shared) * common + np.sqrt(1 - shared) * own
    middle, reach = 0.3 + shift + 0.12 * noise[0], random.exponential(0.12, n)
    reach[norm.cdf(noise[1]) < never] = 0
    return middle - reach, middle + reach


def outcome(lo, hi):
    n, hit = len(lo), np.flatnonzero(hi > lo)
    names = [f"{i:05d}" for i in range(n)]
    targets = {"image": names, "group": names, "label": 0, "mask": "", "height": 9, "width": 9}
    found = HitIntervals(hit, lo[hit], hi[hit])
    frame = pd.DataFrame(targets).assign(boxes=[np.array([0.0, 0, 9, 9])] * n)
    return Outcome(
        frame, np.full(n, "ok"), find_hit_intervals=lambda deltas, *_: [found] * len(deltas), swept_levels=GRID
    )


def accuracy(lo, hi):
    """At each level of the grid."""
    return np.array([((lo < level) & (level <= hi)).mean() for level in GRID])


def covered(chosen_on, n, trials, shift):
    """The share of trials whose intervals hold what they are of, by choice of level."""
    random = np.random.default_rng([chosen_on, n])
    truth = accuracy(*drawn(random, 400_000))
    picks = [np.argmax(accuracy(*drawn(random, chosen_on, shift=shift))) for _ in range(1500)]
    meant, found = {"selected": 100 * truth[picks].mean()}, []
    for seed in range(trials):
        report, select = outcome(*drawn(random, n)), outcome(*drawn(random, chosen_on, shift=shift))
        scores = evaluate(report, select, [METRIC], resamples=RESAMPLES, seed=seed).scores
        found.append(scores.set_index("choice"))
    meant["oracle"] = np.mean([scores.loc["oracle", "value"] for scores in found])
    return {
        choice: np.mean([s.loc[choice, "low"] <= mean <= s.loc[choice, "high"] for s in found])
        for choice, mean in meant.items()
    }


def table(random, n, chosen_on, runs, *, ahead=0.0, shared=0.5, seed=0):
    """Runs of one distribution on common images, the first hitting `ahead` more targets."""
    common = random.normal(size=(2, n)), random.normal(size=(2, chosen_on))
    found = []
    for number in range(runs):
        never = 0.3 - (ahead if number == 0 else 0)
        splits = [outcome(*drawn(random, c.shape[1], never=never, shared=shared, common=c)) for c in common]
        scored = evaluate(*splits, [METRIC], resamples=RESAMPLES, seed=seed)
        found.append(ScoredRun("e", "net", f"c{number:02d}", "sweep", False, "t", scored.scores, scored.draws))
    return found


def errors(n, chosen_on, trials):
    """How often two equal methods differ with p < .05, by choice of level."""
    random = np.random.default_rng([n, chosen_on])
    found = [comparisons(table(random, n, chosen_on, 2, seed=seed)) for seed in range(trials)]
    return pd.DataFrame([frame.set_index("choice")["p"] for frame in found]).lt(0.05).mean()


def test_intervals_cover_and_equal_methods_seldom_differ():
    found = covered(100, 300, 150, 0.0)
    assert 0.92 <= found["selected"] <= 1 and 0.9 <= found["oracle"] <= 1
    assert (errors(300, 50, 150) <= 0.1).all()  # .24 where the choice of the level is not drawn again


def test_the_level_s_choice_widens_the_interval_by_what_it_moves():
    random = np.random.default_rng(0)
    report, wide, narrow = outcome(*drawn(random, 3000)), outcome(*drawn(random, 30)), outcome(*drawn(random, 3000))
    few, many = (evaluate(report, s, [METRIC], resamples=RESAMPLES).scores.set_index("choice") for s in (wide, narrow))
    width = [s.loc["selected", "high"] - s.loc["selected", "low"] for s in (few, many)]
    held = 2 * 1.96 * 100 * np.sqrt(0.44 * 0.56 / 3000)
    assert width[0] > 1.5 * held
    assert width[1] == pytest.approx(held, rel=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("chosen_on", [50, 100, 300])
@pytest.mark.parametrize("n", [300, 1000, 5000])
def test_coverage_of_selected(chosen_on, n):
    found = covered(chosen_on, n, 600, 0.0)
    print(f"\nchosen on {chosen_on}, n {n}: {found}")
    assert 0.92 - 0.011 <= found["selected"] <= 0.98 + 0.011  # a standard error of the simulation


@pytest.mark.slow
@pytest.mark.parametrize("chosen_on", [50, 300])
def test_coverage_where_the_levels_of_the_splits_differ(chosen_on):
    found = covered(chosen_on, 1000, 400, 0.08)
    print(f"\nchosen on {chosen_on} of another kind: {found}")
    assert 0.9 <= found["selected"] <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize(("n", "chosen_on"), [(300, 50), (1000, 50), (5000, 50), (1000, 200), (5000, 200)])
def test_equal_methods_differ_in_few(n, chosen_on):
    found = errors(n, chosen_on, 600)
    print(f"\nn {n}, chosen on {chosen_on}: {found.to_dict()}")
    assert (found <= 0.07 + 0.01).all()


@pytest.mark.slow
def test_tables_of_52_equal_runs_err_in_few():
    random, wrong = np.random.default_rng(0), []
    for seed in range(60):
        found = comparisons(table(random, 200, 60, 52, seed=seed))
        wrong.append(found[found["choice"] == "selected"]["p_adjusted"].min() < 0.05)
    print(f"\ntables of 52 equal runs with a difference: {np.mean(wrong):.3f}")
    assert np.mean(wrong) <= 0.07 + 0.03
