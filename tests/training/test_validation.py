"""The validation data set, by its labels alone: what is said of it, which epoch is best, and when a training ends."""

import numpy as np
import pytest

import fits
from wsol.errors import DataError
from wsol.training import stepping, validation

ACCURACIES = [0.5, 0.7, 0.6, 0.7, 0.65]
LOSSES = [2.0, 1.5, np.nan, 1.2, 1.2]
ROWS = [{"validation_accuracy": a, "validation_loss": b} for a, b in zip(ACCURACIES, LOSSES, strict=True)]


def test_the_best_epoch_is_the_earlier_of_two_that_are_as_good():
    assert [validation.best(ROWS[: n + 1], "accuracy") for n in range(5)] == [0, 1, 1, 1, 1]
    assert [validation.best(ROWS[: n + 1], "loss") for n in range(5)] == [0, 1, 1, 3, 3]


def test_a_training_ends_when_patience_is_out():
    assert [validation.ended(ROWS[:n], "accuracy", 2) for n in range(6)] == [False, False, False, False, True, True]
    assert not validation.ended(ROWS, "accuracy", None) and not validation.ended(ROWS, "loss", 2)


def test_loss_and_accuracy_are_those_of_the_network_in_inference():
    """By the model itself, in NumPy; whatever a training smooths, weighs, or drops."""
    own, held = fits.network(), fits.labelled(10, first=100)
    history = fits.fitted(own, held=held, label_smoothing=0.3, balance="weights", precision="mixed_bfloat16")
    z = own.model(fits.images(held.images) / np.float32(127.5) - 1, training=False).numpy().astype(np.float64)
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(10), held.labels]
    assert history["validation_loss"].iloc[-1] == pytest.approx(losses.mean(), rel=1e-5)
    assert history["validation_accuracy"].iloc[-1] == pytest.approx((z.argmax(axis=1) == held.labels).mean())


def test_validation_changes_nothing_of_a_training():
    without, beside = fits.network(), fits.network()
    history = fits.fitted(without)
    assert history["validation_loss"].isna().all() and history["validation_accuracy"].isna().all()
    fits.fitted(beside, held=fits.labelled(5, first=50))
    kept = fits.weights(beside)
    assert all(np.array_equal(value, kept[name]) for name, value in fits.weights(without).items())


@pytest.mark.parametrize("made_up", [[0.2, 0.9, 0.4, 0.9], [0.9, 0.2, 0.3, 0.1], [0.1, 0.2, 0.3, 0.4]])
def test_the_best_epochs_weights_are_kept_moving_statistics_too(monkeypatch, made_up):
    """What is said after each epoch is made up; the weights are those of a training that ends there."""
    said = iter(made_up)
    monkeypatch.setattr(
        validation, "judged", lambda *given: {"validation_loss": 1.0, "validation_accuracy": next(said)}
    )
    own, held = fits.network(), fits.labelled(4, first=50)
    history = fits.fitted(own, held=held, epochs=4, keep="best", schedule="constant")
    until = int(np.argmax(made_up)) + 1
    assert len(history) == 4
    ending = fits.network()
    fits.fitted(ending, epochs=until, schedule="constant")
    kept = fits.weights(own)
    assert all(np.array_equal(value, kept[name]) for name, value in fits.weights(ending).items())


def test_patience_ends_a_training_early(monkeypatch):
    said = iter(ACCURACIES)
    monkeypatch.setattr(
        validation, "judged", lambda *given: {"validation_loss": 1.0, "validation_accuracy": next(said)}
    )
    history = fits.fitted(fits.network(), held=fits.labelled(4, first=50), epochs=9, patience=2)
    assert history["validation_accuracy"].tolist() == ACCURACIES[:4]


def shown_of(held, broken):
    """The validation data set, of which some images do not decode."""

    def opened(name):
        if name in broken:
            raise DataError(f"{name}: does not decode.")
        return fits.pixels(name)

    chosen = fits.settings()
    return validation.Validation(held, fits.Source.of(opened, fits.SIZE, fits.HOW, chosen, 1))


def test_images_that_do_not_decode_do_not_count_and_none_at_all_is_one_line():
    fit, held = fits.made(fits.network()), fits.labelled(4, first=50)
    found = validation.judged(fit.answer, shown_of(held, {"50", "51", "53"}), 4, "top1")
    only = fits.Labelled(held.images[2:3], held.wanted[2:3])
    assert found == validation.judged(fit.answer, shown_of(only, {}), 4, "top1")
    with pytest.raises(DataError, match="no image of the validation data set could be read"):
        validation.judged(fit.answer, shown_of(held, set(held.images)), 4, "top1")


def test_draws_of_one_kind_are_not_those_of_another():
    kinds = [stepping.IMAGES, stepping.STEPS, stepping.LAYERS, stepping.WEIGHTS]
    draws = [tuple(stepping.drawing(3, epoch, kind).integers(0, 2**31, 4)) for epoch in (0, 1) for kind in kinds]
    assert len(set(draws)) == len(draws)
