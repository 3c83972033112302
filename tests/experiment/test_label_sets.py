"""Several label data sets, and one that validates: what is decided, what may share no image, what is refused."""

import pytest

from configs import changed
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.questions import datasets, labelled, pairs, planned

NET = {"architecture": "MobileNetV2", "input": 64}
SHAPES = {"adapter": "shapes", "split": "train"}


def experiment(**train):
    """GOOD, which is reported on b and has its levels from a, with a network trained on c, d, v or whatever is said."""
    more = [(f"datasets.{name}", {**SHAPES, "seed": seed}) for seed, name in enumerate("cdv", 1)]
    return check(changed(("backbones.net", {**NET, "weights": {"train": train}}), *more))


def named(ids):
    return [id.split("@")[0] for id in ids]


def test_a_training_reads_the_labels_of_all_its_data_sets():
    found = experiment(dataset=["d", "c"], validation="v")
    (training,) = found.trainings.values()
    own = training.settings["train"]
    assert own["dataset"] == ["d", "c"] and named(own["images"]) == ["d", "c"] and named(own["judged_on"]) == ["v"]
    assert named(labelled(found)) == ["c", "d", "v"] and named(datasets(found)) == ["a", "b", "c", "d", "v"]
    assert set(datasets(found)) <= set(found.decisions())
    (network,) = planned(found)
    assert network["training"] == own


def test_a_name_and_a_list_of_one_are_one_training():
    assert experiment(dataset="c").trainings.keys() == experiment(dataset=["c"]).trainings.keys()
    kinds = [{"dataset": "c"}, {"dataset": "d"}, {"dataset": ["c", "d"]}, {"dataset": "c", "validation": "d"}]
    assert len({id for kind in kinds for id in experiment(**kind).trainings}) == 4


def test_what_may_share_no_image():
    """By hand: all but what selects levels (a) and what validates (v), neither of which is reported or trained on."""
    found = pairs(experiment(dataset=["c", "d"], validation="v"))
    assert [named(pair) for pair in found] == [
        list(pair) for pair in ("ab", "ac", "ad", "bc", "bd", "bv", "cd", "cv", "dv")
    ]
    assert [named(pair) for pair in pairs(experiment(dataset="c", validation="a"))] == [
        list("ab"),
        list("ac"),
        list("bc"),
    ]


@pytest.mark.parametrize(
    ("train", "line"),
    [
        ({"dataset": []}, "dataset: is empty; name a data set, or several."),
        ({"dataset": ["c", "c"]}, "dataset: 'c' is given twice."),
        ({"dataset": ["c", "x"]}, "dataset: unknown 'x'."),
        ({"dataset": ["c", "b"]}, "dataset: 'b' is what is scored (b); train on another."),
        ({"dataset": "c", "validation": "b"}, "validation: 'b' is what is scored (b); validate on another."),
        ({"dataset": ["d", "c"], "validation": "c"}, "validation: 'c' is trained on; validate on another."),
        ({"dataset": "c", "validation": "w"}, "validation: unknown 'w'."),
        ({"dataset": "c", "augment": ["MixUp"]}, "augment: 'MixUp' is no layer for here; say method: mixup."),
    ],
)
def test_what_is_wrong_in_the_label_data_sets_is_one_line(train, line):
    with pytest.raises(ConfigError) as error:
        experiment(**train)
    assert str(error.value).startswith(f"backbones.net.weights.train.{line}")
