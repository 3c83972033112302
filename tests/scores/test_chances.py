"""What a box's score is multiplied by: the probability of its class, by hand."""

import numpy as np
import pandas as pd
import pytest

from wsol.files.predict import PREDICTIONS
from wsol.scores.boxscores import chances

LOGITS = np.log(np.array([[1.0, 3.0], [2.0, 2.0], [np.nan, 1.0]]))


@pytest.mark.parametrize(("activation", "expected"), [("softmax", [0.75, 0.5, 0.0, 1.0]), ("", [1.0] * 4)])
def test_an_image_without_finite_logits_is_sure_of_nothing(activation, expected, tmp_path):
    """Three images of maps from elsewhere; of the last no file says anything."""
    others = {"input_to_image": np.full((3, 4), np.nan), "input_size": np.zeros(2, int), "names": np.empty(0, np.str_)}
    about = {"settings": {"logits": "l.npz", "activation": activation}, "readable": np.array([True, True, False])}
    path = tmp_path / "0-2.predictions.npz"
    PREDICTIONS.write(path, image=np.array(["a", "b", "c"]), logits=LOGITS, **others, **about)
    targets = pd.DataFrame({"image": ["a", "b", "c", "d"], "outputs": [[1], [0], [1], [0]]})
    assert chances(targets, [path], "labelled") == pytest.approx(expected)
