"""How often intervals over trainings cover, and how often equal networks differ: simulated hits, the truth known.

A training t hits image i where  a + T_t + sqrt(rho) I_i + sqrt(1 - rho) e_ti > 0,  all normal, so that the true score,
over all trainings and images, is Phi(a / sqrt(1 + var T)). `spread` is the standard deviation of T in points of score;
rho is how much of what decides a hit is the image: at 0 each hit is a coin of its own, with real networks it is large.
Run with -s to see the tables.
"""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import norm

from wsol.statistics.intervals import interval, variance
from wsol.statistics.resampling import Resamples
from wsol.statistics.testing import below_best, student_p
from wsol.statistics.trainings import crossed, crossed_difference

DRAWS = 400
SPREADS = (0, 1, 3, 8)
SHARED = (0.0, 0.6, 0.9)
METHODS = ("chosen", "Satterthwaite", "pigeonhole", "images")


class Network(NamedTuple):
    """What trainings of it hit: hits [k s n] of k worlds that it was trained s times in."""

    hits: np.ndarray

    def scored(self, weights):
        """Scores [k s] and draws [k s r] in resamples [r n] of the images."""
        worlds, trainings, n = self.hits.shape
        flat = self.hits.reshape(-1, n).astype(np.float32)
        return self.hits.mean(axis=2), (flat @ weights).astype(np.float64).reshape(worlds, trainings, -1)


def trained(random, worlds, trainings, n, *, score=0.5, spread=0.0, rho=0.6, images=None, own=None, effect=None):
    """`images` [k 1 n], `effect` [k s 1] and `own` [k s n] are those of other networks, where they are shared."""
    deviation = spread / 100 / norm.pdf(norm.ppf(score))
    images = random.normal(size=(worlds, 1, n)) if images is None else images
    effect = random.normal(size=(worlds, trainings, 1)) if effect is None else effect
    own = random.normal(size=(worlds, trainings, n)) if own is None else own
    middle = norm.ppf(score) * np.sqrt(1 + deviation**2)
    return Network(middle + deviation * effect + np.sqrt(rho) * images + np.sqrt(1 - rho) * own > 0)


def mixed(random, shared, share):
    """Normal, and so much of its variance that of what is shared."""
    return np.sqrt(share) * shared + np.sqrt(1 - share) * random.normal(size=shared.shape)


def resampled(n):
    return (Resamples(np.arange(n), DRAWS, n).times[:].T / n).astype(np.float32)


def intervals_of(values, draws, n, picks):
    """(low, high) of one world by each of METHODS."""
    found, value = crossed(values, draws, n), values.mean()
    between = found.spread**2 / len(values)
    images = found.variance - between
    freedom = found.variance**2 / (between**2 / (len(values) - 1) + images**2 / (n - 1) + 1e-300)
    yield interval(value, found.variance, n, n, freedom=found.freedom)[1:3]
    yield interval(value, found.variance, n, n, freedom=max(freedom, len(values) - 1))[1:3]
    yield np.quantile(draws[picks, np.arange(DRAWS)].mean(axis=0), [0.025, 0.975])
    yield interval(value, variance(draws.mean(axis=0), n), n, n)[1:3]


def coverage(trainings, n, worlds, **law):
    random = np.random.default_rng([trainings, n])
    weights, covered = resampled(n), np.zeros(len(METHODS))
    picks = random.integers(0, trainings, (trainings, DRAWS))  # the trainings that each resample draws
    for values, draws in zip(*trained(random, worlds, trainings, n, **law).scored(weights), strict=True):
        covered += [low <= law["score"] <= high for low, high in intervals_of(values, draws, n, picks)]
    return covered / worlds


def pairs(random, kind, trainings, n, worlds, **law):
    """Two networks, or two CAMs of one, or a network and a control, of one true score."""
    images = random.normal(size=(worlds, 1, n))
    if kind == "control":
        control = trained(random, worlds, 1, n, images=mixed(random, images, 0.3), **{**law, "spread": 0, "rho": 0.9})
        return trained(random, worlds, trainings, n, images=images, **law), control
    if kind == "networks":
        seen = [mixed(random, images, 0.8) for _ in range(2)]
        return tuple(trained(random, worlds, trainings, n, images=each, **law) for each in seen)
    effect, own = random.normal(size=(worlds, trainings, 1)), random.normal(size=(worlds, trainings, n))
    shared = [(mixed(random, effect, 0.8), mixed(random, own, 0.7)) for _ in range(2)]
    return tuple(trained(random, worlds, trainings, n, images=images, effect=e, own=o, **law) for e, o in shared)


def errors(kind, trainings, n, worlds, **law):
    """How often two that are equal differ with p < .05: as `crossed_difference` says, and as the images alone say."""
    random = np.random.default_rng([trainings, n, len(kind)])
    a, b = (each.scored(resampled(n)) for each in pairs(random, kind, trainings, n, worlds, **law))
    wrong = np.zeros(2)
    for a_values, a_draws, b_values, b_draws in zip(*a, *b, strict=True):
        found = crossed_difference(a_values, a_draws, b_values, b_draws, n, paired=kind == "cams")
        difference, alone = a_values.mean() - b_values.mean(), variance(a_draws.mean(axis=0) - b_draws.mean(axis=0), n)
        wrong += [
            student_p(difference, np.sqrt(found.variance), n, found.freedom) < 0.05,
            student_p(difference, np.sqrt(alone), n) < 0.05,
        ]
    return wrong / worlds


def leader_errors(networks, trainings, n, tables, **law):
    """How often the best of equal networks is said to be better than another."""
    random = np.random.default_rng([networks, trainings])
    images = random.normal(size=(tables, 1, n))
    runs = [
        trained(random, tables, trainings, n, images=mixed(random, images, 0.8), **law).scored(resampled(n))
        for _ in range(networks)
    ]
    wrong = 0
    for table in range(tables):
        best, *others = sorted(((v[table], d[table]) for v, d in runs), key=lambda run: -run[0].mean())
        found = [crossed_difference(*best, *other, n, paired=False) for other in others]
        lead = [best[0].mean() - other[0].mean() for other in others]
        t = [by / np.sqrt(f.variance) if f.variance > 0 else 0.0 for by, f in zip(lead, found, strict=True)]
        wrong += below_best(t, n, [f.freedom for f in found]).min() < 0.05
    return wrong / tables


def test_with_three_trainings_it_covers_where_the_pigeonhole_bootstrap_does_not():
    chosen, _, pigeonhole, images = coverage(3, 500, 400, score=0.5, spread=8, rho=0.6)
    assert 0.92 <= chosen <= 0.985
    assert images < pigeonhole < 0.87


def test_equal_networks_seldom_differ():
    chosen, images = errors("networks", 3, 100, 400, score=0.5, spread=8, rho=0.6)
    assert chosen <= 0.07 and images > 0.15


@pytest.mark.slow
@pytest.mark.parametrize("trainings", [3, 5, 10])
@pytest.mark.parametrize(("score", "n"), [(0.5, 100), (0.5, 300), (0.5, 1000), (0.05, 300), (0.9, 300)])
def test_coverage(trainings, score, n):
    print(f"\ncoverage: {trainings} trainings, n {n}, score {100 * score:.0f}; rho, spread | {' | '.join(METHODS)}")
    for rho in SHARED:
        for spread in SPREADS[: 4 if score == 0.5 else 3]:
            found = coverage(trainings, n, 1000, score=score, spread=spread, rho=rho)
            print(f"{rho:4} {spread:4} |", " | ".join(f"{share:.3f}" for share in found))
            assert 0.92 - 0.0086 <= found[0] <= 0.98 + 0.0044  # a standard error of the simulation


@pytest.mark.slow
@pytest.mark.parametrize("trainings", [3, 5, 10])
@pytest.mark.parametrize("kind", ["networks", "cams", "control"])
def test_equal_ones_differ_in_few(kind, trainings):
    print(f"\np < .05 of equal {kind}: {trainings} trainings; n, score, rho, spread | chosen | images alone")
    for n, score, spreads in ((100, 0.5, SPREADS), (300, 0.5, SPREADS), (300, 0.9, SPREADS[:3])):
        for rho in SHARED:
            for spread in spreads:
                found = errors(kind, trainings, n, 1000, score=score, spread=spread, rho=rho)
                print(f"{n:4} {100 * score:3.0f} {rho:4} {spread:4} |", " | ".join(f"{share:.3f}" for share in found))
                assert found[0] <= 0.07 + 0.0081  # a standard error of the simulation


@pytest.mark.slow
@pytest.mark.parametrize("trainings", [3, 5, 10])
def test_the_best_of_equal_networks_leads_in_few(trainings):
    print(f"\ntables of equal networks with a difference: {trainings} trainings, n 300; networks, spread | share")
    for networks in (2, 4):
        for spread in (0, 3, 8):
            found = leader_errors(networks, trainings, 300, 400, score=0.5, spread=spread, rho=0.6)
            print(f"{networks:4} {spread:4} | {found:.3f}")
            assert found <= 0.07 + 0.013
