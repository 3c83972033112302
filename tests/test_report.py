"""The report: the honest number first, heat where it belongs, and nothing of a user's unescaped."""

import numpy as np
import pandas as pd
import pytest

from wsol.report.leaderboard import boards, text
from wsol.report.page import page
from wsol.report.pictures import TRUE, overlay, warp


def scores(backbone="mobilenetv2"):
    rows = [
        ("e", "d", backbone, "gradcam", "sweep", "top1_acc", "none", 80.0, 75.0, 85.0, 10),
        ("e", "d", backbone, "gradcam", "sweep", "maxboxacc@50", "oracle", 60.0, 50.0, 70.0, 10),
        ("e", "d", backbone, "gradcam", "sweep", "maxboxacc@50", "selected", 55.0, 45.0, 65.0, 10),
        ("e", "d", "none", "center", "sweep", "maxboxacc@50", "oracle", 90.0, 30.0, 50.0, 10),
        ("e", "d", "none", "center", "sweep", "maxboxacc@50", "selected", 40.0, 30.0, 50.0, 10),
    ]
    names = "evaluation dataset backbone cam threshold metric choice value low high n"
    return pd.DataFrame(rows, columns=names.split())


def test_the_selected_number_ranks_and_the_oracle_stands_beside_it():
    board = boards(scores())[0]
    assert [run["cam"] for run, _ in board.rows] == ["gradcam", "center"]
    cell = board.rows[0][1]["maxboxacc@50"]
    assert (cell.value, cell.choice, cell.oracle) == (55, "selected", 60)
    assert "55.0 [45.0 65.0]" in text(scores()) and "-" in text(scores()).splitlines()[3]


def test_an_oracle_alone_is_marked():
    only = scores()[lambda s: s["choice"] != "selected"]
    assert "60.0* [50.0 70.0]" in text(only) and "* oracle: " in text(only)
    assert "* oracle: " not in text(scores()[scores()["backbone"] != "none"])


def test_what_a_user_named_is_escaped():
    evil = "<script>alert(1)</script>"
    picture = {
        "image": evil,
        "class_name": evil,
        "pictures": [{"uri": "data:,", "run": evil, "iou": None, "status": evil}],
    }
    html = page(scores(evil), {"e": [picture]}, {evil: evil})
    assert "<script>" not in html and html.count("&lt;script&gt;") >= 5
    assert 'class="control"' in html and "oracle 60.0" in html


@pytest.mark.parametrize("shift", [(0, 0), (4, -3)])
@pytest.mark.parametrize("geometry", [(2.0, 3.0, 0.0, 0.0), (2.0, 3.0, 10.0, -6.0)])
def test_heat_lies_where_the_geometry_puts_it(geometry, shift):
    """A blob in map cell (row 1, column 2) of a 4 x 5 map over an input of 40 x 50 pixels."""
    heatmap = np.zeros((4, 5), np.float32)
    heatmap[1, 2] = 1
    sx, sy, tx, ty = geometry
    drawn = warp(heatmap, np.array([10.0, 10, *shift]), np.array(geometry), height=120, width=110)
    y, x = np.unravel_index(drawn.argmax(), drawn.shape)
    # The cell's centre lies at input (25, 15), shifted.
    at_x, at_y = 25 + shift[0], 15 + shift[1]
    assert abs(x + 0.5 - (at_x * sx + tx)) <= sx and abs(y + 0.5 - (at_y * sy + ty)) <= sy


def test_a_true_box_is_drawn_in_its_colour_at_its_edges():
    grey = np.full((240, 200, 3), 128, np.uint8)
    drawn = overlay(grey, np.zeros((240, 200)), np.array([[50, 60, 150, 200]]), np.empty((0, 4)))
    assert drawn.shape == (240, 200, 3)
    assert tuple(drawn[60, 100]) == TRUE and tuple(drawn[199, 100]) == TRUE and tuple(drawn[100, 50]) == TRUE
    assert tuple(drawn[120, 100]) != TRUE
