"""Precision over recall: of ranked answers, as COCO's evaluator interpolates it, for any weights of what is asked."""

import numpy as np
from numba import njit

EPSILON = np.spacing(1)  # what COCO's evaluator adds to the number of answers


@njit(cache=True, nogil=True)
def interpolated_precision(weights, target, tied, hits, ends, class_of, truths, recalls):
    """Mean over classes and rows of hits, for each of weights [r n]: how often each of n things comes, whole numbers.

    `target` [d]: what each of the ranked answers is about, those of class c ending at `ends[c]`, `class_of` [n] being
    everything's class and `truths` [n] how many right answers it has; `tied` [d]: ranked as the one before, of the same
    thing; `hits` [t d]. Of the copies of a thing one is ranked after the other. A class of which nothing that has a
    right answer comes is left out; NaN where all are.

    Two answers to a thing that has one: right and wrong, so that all recalls have precision 1.

    >>> given = [np.array([0, 0]), np.zeros(2, bool), np.array([[True, False]]), np.array([2]), np.array([0])]
    >>> interpolated_precision(np.array([[1.0], [2.0], [0.0]]), *given, np.array([1.0]), np.linspace(0, 1, 11))
    array([ 1.,  1., nan])
    """
    found = np.full(len(weights), np.nan)
    hits = np.ascontiguousarray(hits.T)  # side by side for one answer, whose weight is looked up once
    true = np.empty(len(ends))
    room = np.empty((hits.shape[1], len(recalls)))
    for r in range(len(weights)):
        true[:] = 0
        for n in range(len(class_of)):
            true[class_of[n]] += weights[r, n] * truths[n]
        total = 0.0
        classes = 0
        for c in range(len(ends)):
            if true[c] > 0:
                start = ends[c - 1] if c else 0
                total += _of_class(weights[r], target, tied, hits, start, ends[c], true[c], recalls, room)
                classes += 1
        if classes:
            found[r] = total / classes
    return found


@njit(cache=True, nogil=True)
def _of_class(weight, target, tied, hits, start, end, true, recalls, best):
    """The mean over `recalls` of the highest precision at that recall or a higher one; `best` is room to work in."""
    best[:] = 0
    right = np.zeros(len(best))
    wrong = np.zeros(len(best))
    place = np.zeros(len(best), np.int64)  # the last of `recalls` that is reached
    one = start
    while one < end:
        # Copies of a thing come one after the other: of one answer all copies, of several of equal rank all answers of
        # a copy before the next copy.
        stop = one + 1
        while stop < end and tied[stop]:
            stop += 1
        times = weight[target[one]]
        at_once = times if stop == one + 1 else 1.0
        for _ in range(int(times / at_once) if times > 0 else 0):
            for answer in range(one, stop):
                _count(hits[answer], at_once, true, recalls, right, wrong, place, best)
        one = stop
    total = 0.0
    for row in best:
        highest = 0.0
        for recall in range(len(recalls) - 1, -1, -1):
            highest = max(highest, row[recall])
            total += highest
    return total / best.size


@njit(cache=True, nogil=True)
def _count(hit, times, true, recalls, right, wrong, place, best):
    """So many copies of an answer; of those that hit the last has the highest precision and the highest recall."""
    for t in range(len(hit)):
        if not hit[t]:
            wrong[t] += times
            continue
        right[t] += times
        recall = right[t] / true
        while place[t] + 1 < len(recalls) and recalls[place[t] + 1] <= recall:
            place[t] += 1
        best[t, place[t]] = max(best[t, place[t]], right[t] / (wrong[t] + right[t] + EPSILON))
