"""The page's section on trainings: epochs by hand, recipes in words, and nothing where nothing was trained."""

import doctest
import json
import re

import altair as alt
import pandas as pd
import pytest

from pages import history, tables, trainings
from wsol.files.index import LABELS
from wsol.files.train import HISTORY
from wsol.page import trained
from wsol.page.browser import text
from wsol.page.figures import training
from wsol.page.page import columns, library, page
from wsol.page.sheets import comma_separated
from wsol.page.written import alone

EVIL = "<script>alert(1)</script>"


def test_the_examples_of_the_docstrings_are_right():
    assert doctest.testmod(trained).attempted >= 4 and doctest.testmod(trained).failed == 0


def of(losses, accuracies, **settings):
    """A training whose validation was like this."""
    (found,) = trainings(epochs=len(losses), validation="other", **settings)
    return found._replace(history=found.history.assign(validation_loss=losses, validation_accuracy=accuracies))


def test_the_kept_epoch_is_the_last_or_the_first_of_the_best():
    losses, accuracies = [3.0, 1.0, 2.0, 1.0, 4.0], [0.1, 0.5, 0.8, 0.8, 0.2]
    assert training.kept_epoch(of(losses, accuracies)) == 4
    assert training.kept_epoch(of(losses, accuracies, keep="best")) == 2
    assert training.kept_epoch(of(losses, accuracies, keep="best", judged_by="loss")) == 1


def test_an_epoch_that_was_not_measured_is_not_the_best():
    nothing = [float("nan")] * 3
    assert training.kept_epoch(of([float("nan"), 2.0, 1.0], nothing, keep="best", judged_by="loss")) == 2
    assert training.kept_epoch(of(nothing, nothing, keep="best")) == 0  # a fit that went wrong from the first


def test_the_figure_has_every_epoch_of_every_seed_and_marks_the_kept_ones():
    own = trainings(seeds=(0, 3), epochs=4, validation="other", keep="best", judged_by="loss")
    figure = training.epochs(own)
    rows = figure.rows.set_index(["measure", "of", "seed", "epoch"]).sort_index()
    assert rows.loc[("loss", "training", 0), "value"].tolist() == pytest.approx([2, 1.8, 1.62, 1.458])
    assert rows.loc[("loss", "validation", 3), "value"].tolist() == pytest.approx([2.55, 2.35, 2.17, 2.008])
    assert rows.loc[("accuracy, %", "validation", 0, 2), "value"] == pytest.approx(100 * (1 - 1.8 / 2.5 - 0.125))
    assert rows.loc[("rate", "training", 0), "value"].tolist() == [0.01] * 4
    assert len(rows) == 2 * 4 * 5
    marked = rows[rows["kept"]].index.tolist()
    seen = [(m, "validation", s, 4) for m in ("accuracy, %", "loss") for s in (0, 3)]
    assert marked == [*seen, ("rate", "training", 0, 4), ("rate", "training", 3, 4)]
    assert "A line for each of 2 seeds." in figure.description and figure.description.endswith(" %.")


def test_small_rates_are_drawn_as_they_are():
    """A page that rounds to three decimals draws the last of a thousandth's steps at nothing."""
    figure = training.epochs(trainings(epochs=50))
    drawn = columns(figure)
    of_rate = [name == "rate" for name in figure.rows["measure"]]
    shown = [value for value, is_rate in zip(drawn["value"], of_rate, strict=True) if is_rate]
    assert shown == pytest.approx([0.01] * 15 + [0.001] * 15 + [1e-4] * 15 + [1e-5] * 5)


def test_epochs_are_whole_numbers_below_the_axis():
    said = training.epochs(trainings(epochs=2)).spec
    assert '"values": [1, 2]' in json.dumps(said)


def test_without_a_validation_the_training_alone_is_drawn_and_marked():
    figure = training.epochs(trainings(epochs=3))
    assert set(figure.rows["of"]) == {"training"} and "validation" not in figure.description
    assert figure.rows[figure.rows["kept"]]["measure"].tolist() == list(training.MEASURES)
    # 1 - 2 * 0.81 / 2.5
    assert figure.description.endswith("Kept: training accuracy 35.2 %.")


@pytest.mark.parametrize("settings", [{}, {"validation": "other"}, {"seeds": (0, 1, 2)}, {"epochs": 1}])
def test_the_figure_is_valid_and_its_colours_are_the_styles_own(settings):
    figure = training.epochs(trainings(**settings))
    alt.Chart.from_dict(alone(figure, ["net"]), validate=True)
    used = set(re.findall(r"var\(--([\w-]+)\)", str(figure.spec)))
    assert used and used <= set(re.findall(r"--([\w-]+):", text("style.css")))


def test_of_many_epochs_some_are_drawn_with_both_ends_and_the_kept_one():
    own = of([1.0] * 777 + [0.5] + [1.0] * 1222, [0.5] * 2000, keep="best", judged_by="loss")
    epochs = training.epochs([own]).rows.query("measure == 'loss' and of == 'validation'")["epoch"].tolist()
    assert epochs[:3] == [1, 11, 21] and epochs[-1] == 2000 and 778 in epochs and len(epochs) == 202


def test_a_loss_that_is_no_number_leaves_a_gap():
    (own,) = trainings(epochs=3)
    own.history.loc[1, "loss"] = float("nan")
    figure = training.epochs([own])
    assert figure.rows.query("measure == 'loss'")["value"].isna().tolist() == [False, True, False]
    assert "null" in json.dumps(alone(figure, ["net"]))
    assert '"value":[2.0,null,1.62,' in page(tables(), trainings=[own])


def test_a_recipe_is_told_in_words():
    (plain,) = trained.networks(trainings())
    found = dict(plain.facts)
    assert found["trained on"] == "birds: 120 images, 6 classes; by their labels alone" and "validation" not in found
    assert found["recipe"] == (
        "20 epochs of batches of 32; sgd (momentum 0.9, nesterov true) at rate 0.01, 10 times that for the head; "
        "schedule step (every 15, factor 0.1); weight decay 0.0001; images resized to 8/7 of the input, a random part "
        "of the input’s size, mirrored at random"
    )
    assert found["kept"] == "the last epoch" and found["seed"] == "0" and found["method"] == "plain"


def test_what_is_not_as_usual_is_told():
    given = {"validation": "other", "keep": "best", "initial": "random", "head_rate_factor": 1.0, "crop_from": 256}
    given |= {"flip": False, "balance": "sampling", "frozen": {"until": "block4_pool"}, "label_smoothing": 0.1}
    (own,) = trained.networks(trainings(seeds=(2, 5), **given))
    found = dict(own.facts)
    assert found["validation"] == "other, by its labels alone" and found["seeds"] == "2, 5"
    assert found["starts from"] == "random weights" and found["kept"] == "the best epoch, by the validation accuracy"
    assert found["recipe"].endswith(
        "images resized to side 256, a random part of the input’s size; balance sampling; frozen until block4_pool; "
        "label smoothing 0.1"
    )
    assert "times that" not in found["recipe"]
    (apart,) = trained.networks(trainings(fast_from="conv5_block1_1_conv"))
    assert "at rate 0.01, 10 times that from conv5_block1_1_conv on;" in dict(apart.facts)["recipe"]


def test_the_table_has_a_row_for_each_training_as_its_kept_epoch_was():
    own = [*trainings(seeds=(0, 1), epochs=2, validation="other"), *trainings("slim", epochs=1)]
    assert comma_separated(trained.sheet(own)).splitlines() == [
        'network,seed,images,classes,epochs,kept,loss,"accuracy, %",validation loss,"validation accuracy, %"',
        "net,0,120,6,2,2,1.8,28,2.05,15.5",
        "net,1,120,6,2,2,1.9,24,2.15,11.5",
        "slim,0,120,6,1,1,2,20,,",
    ]


def test_a_run_is_read_from_what_its_trainings_left(tmp_path):
    labels = {
        "a": [("1.jpg", 0, "cat", "ok"), ("1.jpg", 1, "dog", "ok"), ("2.jpg", 0, "cat", "ok")],
        "b": [("1.jpg", 0, "fox", "ok"), ("9.jpg", 1, "cow", "missing")],
    }
    paths = []
    for name, rows in labels.items():
        path = tmp_path / f"{name}@0a1b2c3d/index/labels.parquet"
        path.parent.mkdir(parents=True)
        LABELS.write(path, pd.DataFrame(rows, columns=LABELS.fields))
        paths.append(str(path))
    HISTORY.write(tmp_path / "history.parquet", history(3))
    about = {"id": "net@1", "name": "net", "seed": 4, "settings": {}, "unusual": [], "on": ["a@0a1b2c3d"]}
    both = about | {"id": "net@2", "on": ["a@0a1b2c3d", "b@0a1b2c3d"]}
    found = trained.read([about, both], [str(tmp_path / "history.parquet")] * 2, paths)
    assert [(each.images, each.classes) for each in found] == [(2, 2), (3, 3)]
    assert found[0].history.equals(history(3)) and found[1][:3] == ("net@2", "net", 4)


def test_the_page_has_a_section_with_a_figure_a_network_and_none_without_trainings():
    own = [*trainings(seeds=(0, 1), validation="other"), *trainings("slim")]
    html = page(tables(), trainings=own)
    told = json.loads(re.search(r'<script type="application/json" id="figures">(.*?)</script>', html, re.S)[1])
    assert told["figures"][":net"]["runs"] is None and ":slim" in told["figures"]
    assert html.count('id="training"') == 1 == html.count('href="#training"') and 'data-key="trainings"' in html
    assert 'data-about="decision:net@00000000"' in html and page(tables(), trainings=own) == html
    assert "training" not in page(tables()).replace(library(), "").partition("<main")[2].partition("<script")[0]


def test_what_a_user_named_is_text_here_too():
    html = page(tables(), trainings=trainings(EVIL, validation=EVIL)).replace(library(), "")
    assert EVIL not in html and html.count("&lt;script&gt;alert(1)") >= 4
