"""Deep feature factorisation: known factors are found, the class decides which is shown, threads change no byte."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from wsol.maps.cams import CAMS
from wsol.maps.channels import factors
from wsol.maps.heatmaps import is_degenerate

rng = np.random.default_rng(0)
dff = CAMS["dff"]


def two_concepts(h=7, w=9, k=30):
    """Two concepts with places and channels of their own and others that they share: there is one such factorisation.

    Places [2 h w] and channels [2 k].
    """
    places = np.zeros((2, h, w))
    places[0, 1:4, 1:5] = rng.uniform(1, 3, (3, 4))
    places[1, 3:6, 4:8] = rng.uniform(1, 3, (3, 4))
    channels = rng.uniform(0, 1, (2, k))
    channels[0, :10] = channels[1, 10:20] = 0
    return places, channels


def test_known_factors_are_found_whatever_their_scale():
    places, channels = two_concepts()
    activations = np.einsum("chw,ck->hwk", places, channels).astype(np.float32)
    found, by = factors(activations[None], 2)
    np.testing.assert_allclose(found[0] @ by[0], activations, atol=0.02)
    for scale in (1, 1000):
        for concept in (0, 1):
            # A gradient along the channels that only this concept has.
            gradients = np.zeros((1, 1, 1, 30), np.float32)
            gradients[..., 10:20] = concept == 0
            gradients[..., :10] = concept == 1
            expected = places[concept] * np.linalg.norm(channels[concept]) * scale
            shown = dff(activations[None] * np.float32(scale), gradients, concepts=2)[0]
            np.testing.assert_allclose(shown, expected, atol=0.03 * scale)


def test_two_classes_in_one_image_have_two_maps_and_a_class_against_which_all_speaks_none():
    places, channels = two_concepts()
    activations = np.einsum("chw,ck->hwk", places, channels).astype(np.float32)
    both = np.stack([activations, activations, activations])
    gradients = np.zeros((3, 1, 1, 30), np.float32)
    gradients[0, ..., 10:20] = gradients[1, ..., :10] = 1
    gradients[2] = -1
    first, second, neither = dff(both, gradients, concepts=2)
    assert np.unravel_index(first.argmax(), first.shape) == np.unravel_index(places[0].argmax(), first.shape)
    assert np.unravel_index(second.argmax(), first.shape) == np.unravel_index(places[1].argmax(), first.shape)
    assert is_degenerate(neither) and not neither.any()


def test_where_gradients_lie_decides_between_concepts_of_the_same_channels_score():
    activations = np.zeros((1, 1, 4, 2), np.float32)
    activations[0, 0, :2, 0] = 5
    activations[0, 0, 2:, 1] = 1
    gradients = np.zeros((1, 1, 4, 2), np.float32)
    gradients[0, 0, 2:] = 1  # of the second two places, of both channels: the first concept adds nothing there
    assert dff(activations, gradients, concepts=2)[0].round(3).tolist() == [[0, 0, 1, 1]]


def test_threads_change_no_byte():
    activations = np.maximum(rng.normal(size=(2, 14, 14, 640)), 0).astype(np.float32)
    gradients = rng.normal(size=(2, 1, 1, 640)).astype(np.float32)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(dff(activations, gradients).tobytes())
    assert found[0] == found[1]


def test_more_concepts_than_there_can_be_are_as_many_as_can():
    activations = rng.random((1, 2, 2, 9)).astype(np.float32)
    gradients = np.ones((1, 1, 1, 9), np.float32)
    np.testing.assert_array_equal(dff(activations, gradients, concepts=4), dff(activations, gradients, concepts=64))
    assert (dff(activations, gradients, concepts=2) != dff(activations, gradients, concepts=4)).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_explains_nothing(wrong):
    activations = np.ones((2, 3, 3, 4), np.float32) + rng.random((2, 3, 3, 4)).astype(np.float32)
    gradients = np.ones((2, 1, 1, 4), np.float32)
    spoiled = activations.copy()
    spoiled[0, 1, 1, 1] = wrong
    found = dff(spoiled, gradients)
    assert is_degenerate(found[0]) and not is_degenerate(found[1])
    gradients[0, 0, 0, 2] = np.nan
    assert is_degenerate(dff(activations, gradients)[0])


def test_what_is_negative_is_taken_for_nothing():
    activations = rng.normal(size=(1, 4, 5, 8)).astype(np.float32)
    gradients = np.ones((1, 1, 1, 8), np.float32)
    np.testing.assert_array_equal(dff(activations, gradients), dff(np.maximum(activations, 0), gradients))
