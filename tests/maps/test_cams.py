"""CAMS against arrays worked by hand, naive loops and each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import NMF

from wsol.files.predict import ARRAYS
from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS, NETWORK_CONTROLS
from wsol.networks.perturb import EVIDENCES

FINISHED = ("occlusion", "rise", "attention_last", "rollout", "legrad")  # what was made before is the map
rng = np.random.default_rng(0)


def maps(n=3, h=4, w=5, k=6, signed=False) -> np.ndarray:
    values = rng.normal(size=(n, h, w, k)).astype(np.float32)
    return values if signed else np.maximum(values, 0)


def called(name: str, a: np.ndarray, g: np.ndarray, **settings) -> np.ndarray:
    """The method on arrays made of activations and gradients.

    Similar classes' gradients are half of them, the other way round in k. A finished map is their product's sum, a
    second classifier's that of gradients the other way round.
    """
    given = {"activations": a, "gradients": g, "similar_class_gradients": g[..., ::-1] / 2}
    given |= dict.fromkeys(("score_drops", "class_probabilities", "logit_weights"), g)
    given |= dict.fromkeys(("finished_maps", "map_a", *ARRAYS["attention"]), (a * g).sum(axis=3))
    given["map_b"] = (a * g[..., ::-1]).sum(axis=3)
    return CAMS[name](*(given[array] for array in CAMS[name].arrays), **settings)


def naive(name: str, a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """One image [h w k], the equations word for word, in float64 and loops over channels."""
    a, g = a.astype(np.float64), np.broadcast_to(g, a.shape).astype(np.float64)
    if name == "finercam":
        g = g - 0.6 * g[..., ::-1] / 2
    if name == "mean_activation":
        return a.mean(axis=-1)
    channels, out = range(a.shape[-1]), np.zeros(a.shape[:2])
    sums = a.sum(axis=(0, 1))
    if name == "dff":
        return naive_factors(a, g)
    if name == "acol":
        return np.maximum(unit((a * g).sum(axis=-1)), unit((a * g[..., ::-1]).sum(axis=-1)))
    for k in channels:
        ak, gk = a[..., k], g[..., k]
        if name in ("cam", "gradcam", "finercam", "ablationcam", "scorecam", "scorecam_logits"):
            out += gk.mean() * ak
        elif name == "gradcam++":
            alpha = np.array([[v**2 / (2 * v**2 + sums[k] * v**3) if v else 0 for v in row] for row in gk])
            out += (alpha * np.maximum(gk, 0)).sum() * ak
        elif name == "xgradcam":
            out += (ak / sums[k] * gk).sum() * ak if sums[k] else 0
        elif name in ("hirescam", *FINISHED, "tscam"):
            out += gk * ak
        elif name == "gradcam_elementwise":
            out += np.maximum(gk * ak, 0)
        elif name == "layercam":
            out += np.maximum(gk, 0) * ak
        elif name == "fem":
            out += ak.mean() * (ak > ak.mean() + 2 * ak.std())
        elif name == "fem_share":
            out += (ak > ak.mean() + 2 * ak.std()).mean() * ak
        elif name == "eigencam":
            return naive_eigen(a)
        elif name in ("eigencam_centred", "eigengradcam"):
            x = a if name == "eigencam_centred" else a * g
            return naive_eigen(x - x.mean(axis=(0, 1)))
        else:
            raise NotImplementedError(f"{name}: its equation belongs here")
    if name == "tscam":
        return out * out
    return out if name in ("cam", *FINISHED) else np.maximum(out, 0)


def unit(heatmap: np.ndarray) -> np.ndarray:
    """From its lowest value, 0, to its highest, 1."""
    return (heatmap - heatmap.min()) / np.ptp(heatmap)


def naive_eigen(a: np.ndarray) -> np.ndarray:
    """O V_1 of O = U S V', turned where the sum over channels says so."""
    pixels = a.reshape(-1, a.shape[-1])
    found = pixels @ np.linalg.svd(pixels, full_matrices=False)[2][0]
    return (found * np.sign(found @ pixels.sum(axis=1))).reshape(a.shape[:2])


def naive_factors(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Each concept as its own part of the activations, and what a step along that part adds to the score."""
    pixels = np.maximum(a, 0).reshape(-1, a.shape[-1])
    model = NMF(min(5, *pixels.shape), init="nndsvd", random_state=0, tol=0, max_iter=100)
    parts = [np.outer(w, h) for w, h in zip(model.fit_transform(pixels).T, model.components_, strict=True)]
    added = [(g.reshape(pixels.shape) * part).sum() for part in parts]
    best = np.sqrt((parts[int(np.argmax(added))] ** 2).sum(axis=1))  # of a part the length of each place's row
    return best.reshape(a.shape[:2]) * (max(added) > 0)


@pytest.mark.parametrize("name", CAMS)
@pytest.mark.parametrize("shape", [(4, 5, 6), (2, 3, 40), (6, 7, 3)])
@pytest.mark.parametrize("spread", [True, False], ids=["varying", "constant"])
def test_the_equations_word_for_word(name, shape, spread):
    a, g = maps(2, *shape), maps(2, *(shape if spread else (1, 1, shape[-1])), signed=True)
    found = called(name, a, g)
    assert found.dtype == np.float32 and found.shape == (2, *shape[:2])
    for i in range(2):
        np.testing.assert_allclose(found[i], naive(name, a[i], g[i]), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", CAMS)
def test_constant_gradients_given_once_are_gradients_repeated(name):
    for a in (maps(), maps(signed=True)):
        g = maps(3, 1, 1, 6, signed=True)
        whole = np.ascontiguousarray(np.broadcast_to(g, a.shape))
        np.testing.assert_allclose(called(name, a, g), called(name, a, whole), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CAMS)
def test_a_batch_gives_what_its_images_give(name):
    for g in (maps(5, signed=True), maps(5, 1, 1, signed=True)):
        a = maps(5)
        single = np.concatenate([called(name, a[i : i + 1], g[i : i + 1]) for i in range(5)])
        np.testing.assert_allclose(called(name, a, g), single, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CAMS)
def test_finite_where_nothing_is_there(name):
    zero = np.zeros((2, 4, 5, 6), np.float32)
    for a in (zero, maps(2), maps(2, signed=True), np.ones_like(zero)):
        for g in (zero, zero[:, :1, :1]):
            found = called(name, a, g)
            assert np.isfinite(found).all()
            if CAMS[name].sees_class:  # the others do not look at gradients
                assert not found.any()


@pytest.mark.parametrize("name", CAMS)
def test_a_planted_blob_stays_where_it_was_in_a_map_that_is_not_square(name):
    a = np.full((1, 37, 53, 4), 0.01, np.float32)
    a[0, 5:12, 40:50] = 1
    g = np.ones((1, 37, 53, 4), np.float32)
    heatmap = called(name, a, g)[0]
    inside = np.zeros((37, 53), bool)
    inside[5:12, 40:50] = True
    assert heatmap[inside].min() > heatmap[~inside].max()


def test_behind_a_pooling_they_are_one_method():
    a, g = maps(), maps(3, 1, 1, 6, signed=True)
    for name in ("hirescam", "xgradcam"):
        np.testing.assert_allclose(CAMS[name](a, g), CAMS["gradcam"](a, g), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.maximum(CAMS["cam"](a, g), 0), CAMS["gradcam"](a, g))


def test_elsewhere_they_are_not():
    a, g = maps(), maps(signed=True)
    found = [CAMS[name](a, g) for name in ("gradcam", "gradcam++", "xgradcam", "hirescam", "layercam")]
    for i, one in enumerate(found):
        assert all(np.abs(one - other).max() > 1e-2 for other in found[:i])


def test_gradcam_by_hand():
    a = np.array([[[[1, 2], [3, 0]]]], np.float32)  # one row, two columns, two channels
    g = np.array([[[[1, -4], [3, 0]]]], np.float32)  # means 2 and -2
    np.testing.assert_array_equal(CAMS["cam"](a, g), [[[-2, 6]]])
    np.testing.assert_array_equal(CAMS["gradcam"](a, g), [[[0, 6]]])
    np.testing.assert_array_equal(CAMS["hirescam"](a, g, relu=False), [[[-7, 9]]])
    np.testing.assert_array_equal(CAMS["layercam"](a, g), [[[1, 9]]])
    np.testing.assert_array_equal(CAMS["gradcam_elementwise"](a, g), [[[1, 9]]])


def test_gradcam_plus_plus_survives_a_vanishing_denominator():
    a = np.full((1, 1, 2, 1), -1, np.float32)  # S = -2, so 2 + S G is 0 at G = 1
    assert np.isfinite(CAMS["gradcam++"](a, np.ones((1, 1, 2, 1), np.float32))).all()


def test_eigencam_points_to_where_the_activations_are():
    a = np.zeros((1, 3, 3, 4), np.float32)
    a[0, 0, 2] = [5, 4, 3, 2]
    for name in ("eigencam", "eigencam_centred"):
        heatmap = CAMS[name](a)[0]
        assert np.unravel_index(heatmap.argmax(), heatmap.shape) == (0, 2)
        assert CAMS[name](-a)[0].argmin() == 2


def test_eigencam_is_not_centred_and_its_variant_is():
    """One channel is high everywhere, another varies: the map is of the first, and of the second where centred."""
    flat, bump = np.full((3, 3), 10.0), np.zeros((3, 3))
    bump[1, 1], flat[0, 0] = 1, 9.5
    a = np.stack([flat, bump], axis=-1)[None].astype(np.float32)
    assert CAMS["eigencam"](a)[0].argmin() == 0
    assert CAMS["eigencam"](a)[0].min() > 9
    assert CAMS["eigencam_centred"](a)[0].argmax() == 4
    assert CAMS["eigencam_centred"](a)[0].min() < 0


def test_fem_by_hand():
    """Ten places, one of 11 among ones: mean 2, deviation 3. Only it is above 2 + 2 * 3, and counts 2, not 11."""
    a = np.ones((1, 1, 10, 1), np.float32)
    a[0, 0, 4] = 11
    np.testing.assert_allclose(CAMS["fem"](a)[0, 0], [0, 0, 0, 0, 2, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(CAMS["fem_share"](a)[0, 0], [0.1] * 4 + [1.1] + [0.1] * 5, rtol=1e-6)


@given(
    scale=st.floats(0.01, 100), name=st.sampled_from(["cam", "gradcam", "hirescam", "layercam", "gradcam_elementwise"])
)
@settings(max_examples=30, deadline=None)
def test_twice_the_gradient_is_twice_the_map(scale, name):
    a, g = maps(1), maps(1, signed=True)
    np.testing.assert_allclose(
        CAMS[name](a, g * np.float32(scale)), CAMS[name](a, g) * scale, rtol=1e-3, atol=1e-4 * scale
    )


def test_finercam_takes_its_rivals_away():
    one = np.ones((1, 1, 1, 2), np.float32)
    assert CAMS["finercam"].arrays == ("activations", "gradients", "similar_class_gradients")
    assert CAMS["gradcam"].arrays == ("activations", "gradients")
    assert CAMS["finercam"](one, 3 * one, one, gamma=0.5) == pytest.approx(5)


def test_what_methods_need_is_what_predict_can_give():
    assert {record.evidence for record in CAMS.values()} == set(EVIDENCES) == set(ARRAYS)
    assert all(set(record.arrays) <= set(ARRAYS[record.evidence]) for record in CAMS.values())
    taken = {array for record in CAMS.values() for array in record.arrays}
    assert taken == {array for arrays in ARRAYS.values() for array in arrays}  # nothing is computed for nobody


def test_a_control_with_a_network_is_a_cam_that_does_not_look_at_the_class():
    assert set(NETWORK_CONTROLS) <= set(CAMS) and not set(CONTROLS) & set(CAMS)
    assert not any(CAMS[name].sees_class for name in NETWORK_CONTROLS)
    a = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(CAMS["mean_activation"](a), [[[1, 4], [7, 10]]])
