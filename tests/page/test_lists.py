"""The gallery's lists: each holds what its rule says, as a loop over the targets finds it."""

import numpy as np
import pytest

from wsol.page.lists import Facts, lists

NAMES = ["a/gradcam/sweep", "b/gradcam/sweep", "none/center/sweep"]
KINDS = ["right", "part", "background", ""]


def facts(n=40, seed=0, a_image=1):
    random = np.random.default_rng(5)
    score = random.integers(0, 5, (3, n)) / 4  # many equals
    score[:, ::9] = np.nan
    kinds = {"exact": np.array(KINDS)[random.integers(0, 4, (3, n))], "published": np.full((3, n), "")}
    classes = np.array(["bird", "cat", "<b>"])[random.integers(0, 3, n)]
    shown = random.random(n) < 0.9
    images = np.array([f"{i // a_image}.jpg" for i in range(n)])
    return Facts(NAMES, [False, False, True], score, "IoU", kinds, classes, images, shown, seed)


@pytest.fixture
def found():
    return {(each.key, each.run): each for each in lists(facts())}


def test_a_random_list_is_of_all_that_have_a_picture_and_follows_the_seed(found):
    rows = found["random", ""].rows
    assert sorted(rows) == np.flatnonzero(facts().shown).tolist() and sorted(rows) != rows.tolist()
    assert lists(facts())[0].rows.tolist() == rows.tolist()
    assert lists(facts(seed=1))[0].rows.tolist() != rows.tolist()


def test_images_with_several_classes_are_a_list_of_their_own_that_comes_first():
    given = facts(a_image=3)
    every = lists(given)
    shown = [i for i in range(40) if given.shown[i]]
    several = {i // 3 for i in shown if sum(j // 3 == i // 3 for j in shown) > 1}
    assert every[0].key == "together" and every[0].run == ""
    assert {i // 3 for i in every[0].rows} == several and len(every[0].rows) == len(several) < 14
    assert all(given.shown[every[0].rows])
    order = [i // 3 for i in every[1].rows]  # at random: each image stands where the first of its targets does
    assert every[1].key == "random" and [i // 3 for i in every[0].rows] == [
        image for image in dict.fromkeys(order) if image in several
    ]
    assert "together" not in {each.key for each in lists(facts())}


@pytest.mark.parametrize(("run", "name"), list(enumerate(NAMES)))
def test_worst_and_best_go_by_the_score_and_equals_stand_at_random(found, run, name):
    given = facts()
    counted = [i for i in range(40) if given.shown[i] and not np.isnan(given.score[run, i])]
    for key, sign in (("worst", 1), ("best", -1)):
        rows = found[key, name].rows
        assert sorted(rows) == counted
        along = [sign * given.score[run, i] for i in rows]
        assert along == sorted(along)
        equals = [i for i in rows if given.score[run, i] == 0.5]
        assert equals == [i for i in found["random", ""].rows if given.score[run, i] == 0.5]


def test_two_runs_disagree_by_the_difference_of_their_scores(found):
    given = facts()
    for name, run, other in ((NAMES[0], 0, 1), (NAMES[1], 1, 0), (NAMES[2], 2, 0)):
        apart = {i: abs(given.score[run, i] - given.score[other, i]) for i in range(40) if given.shown[i]}
        rows = found["disagreement", name].rows
        assert sorted(rows) == sorted(i for i, gap in apart.items() if gap > 0)
        assert [apart[i] for i in rows] == sorted((apart[i] for i in rows), reverse=True)
        assert NAMES[other] in found["disagreement", name].rule


def test_a_control_wins_where_it_hits_and_the_run_does_not(found):
    given = facts()
    for run in (0, 1):
        wins = [i for i in range(40) if given.shown[i] and given.score[2, i] >= 0.5 > given.score[run, i]]
        rows = found["control", NAMES[run]].rows
        assert sorted(rows) == wins and wins
        gaps = [given.score[2, i] - given.score[run, i] for i in rows]
        assert gaps == sorted(gaps, reverse=True)
    assert ("control", NAMES[2]) not in found


def test_every_kind_of_failure_and_every_class_has_its_list(found):
    given = facts()
    for run, name in enumerate(NAMES):
        for kind in KINDS[:3]:
            rows = found[f"exact:{kind}", name].rows
            assert sorted(rows) == [i for i in range(40) if given.shown[i] and given.kinds["exact"][run, i] == kind]
    for name in ("bird", "cat", "<b>"):
        own = [i for i in range(40) if given.shown[i] and given.classes[i] == name]
        assert sorted(found[f"class:{name}", ""].rows) == own
    assert not any(key.startswith("published") or key == "exact:" for key, _ in found)


def test_each_list_says_its_rule_in_words_and_is_there_once(found):
    every = lists(facts())
    assert len(found) == len(every) and all(each.rule.endswith(".") and each.title for each in every)
    assert [each.key.startswith("class:") for each in every] == sorted(each.key.startswith("class:") for each in every)


def test_without_a_control_or_a_second_run_nothing_is_compared():
    given = facts()
    alone = given._replace(names=NAMES[:1], control=[False], score=given.score[:1], kinds={})
    keys = {each.key for each in lists(alone)}
    assert keys == {"random", "worst", "best", "class:bird", "class:cat", "class:<b>"}


def test_where_no_target_has_a_picture_there_is_no_list():
    nothing = facts()._replace(shown=np.zeros(40, bool))
    assert lists(nothing) == []
