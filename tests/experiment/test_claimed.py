"""The claims of a config: every name is one that there is, and every number keeps the digits that are written."""

import pytest
import yaml

from configs import GOOD, changed
from conftest import ROOT
from wsol.errors import ConfigError, Missing
from wsol.experiment.claims import unchecked
from wsol.experiment.config import check
from wsol.experiment.schema import shaped
from wsol.report.claims import Claim

CLAIM = {
    **{"evaluation": "e", "metric": "maxboxacc@50", "tolerance": 0.1, "source": "A paper"},
    "values": {"none/center": 50.0, "net/gradcam/sweep": 60},
}
CLAIMING = GOOD | {"claims": {"ours": CLAIM}}
SHIPPED = [*sorted((ROOT / "workflow/experiments").glob("*.yaml")), ROOT / "config.yaml"]


def with_claim(*changes: tuple[str, object]) -> dict:
    return changed(("claims", {"ours": CLAIM | dict(changes)}))


def test_a_claim_is_one_number_of_one_run():
    about = ("ours", "A paper", "e", "maxboxacc@50", None)
    found = check(CLAIMING).settings["claims"]
    assert found == [
        Claim(*about, "none/center/sweep", 50.0, 0.1, False, selects=True),
        Claim(*about, "net/gradcam/sweep", 60, 0.1, False, selects=True),
    ]
    assert [repr(claim.expected) for claim in found] == ["50.0", "60"]
    assert check(GOOD).settings["claims"] == []
    assert check(with_claim(("subset", True), ("choice", "selected"))).settings["claims"][0].subset is True


def test_claims_change_no_folder():
    assert check(CLAIMING).decisions().keys() == check(GOOD).decisions().keys()


def test_an_old_name_of_a_metric_is_todays():
    old = changed(("evaluations.e.metrics", ["mask_iou"]), ("claims", {"ours": CLAIM | {"metric": "miou"}}))
    assert {claim.metric for claim in check(old).settings["claims"]} == {"mask_iou"}


@pytest.mark.parametrize(
    "change, line",
    [
        (("evaluation", "f"), "claims.ours.evaluation: unknown 'f'. Known: e."),
        (
            ("metric", "maxboxacc@5"),
            "claims.ours.metric: unknown 'maxboxacc@5'. Did you mean 'maxboxacc@50'? Known: max",
        ),
        (("metric", "pxap"), "claims.ours.metric: unknown 'pxap'. Known: maxboxacc@50."),
        (("metric", "pxapp"), "claims.ours.metric: unknown 'pxapp'. Did you mean 'pxap'?"),
        (("choice", "best"), "claims.ours.choice: unknown 'best'. Known: fixed, none, oracle, selected."),
        (("tolerance", -1), "claims.ours.tolerance: must be at least 0, got -1."),
        (("tolerance", "1e-1"), "claims.ours.tolerance: must be a number, got '1e-1'."),
        (("tolerance", float("inf")), "claims.ours.tolerance: must be a finite number, got inf."),
        (("source", ""), "claims.ours.source: '' should be non-empty."),
        (("source", 3), "claims.ours.source: must be text, got 3."),
        (("subset", "yes"), "claims.ours.subset: must be true or false, got 'yes'."),
        (("values", {}), "claims.ours.values: is empty;"),
        (
            ("values", {"none/centre": 1}),
            "claims.ours.values: unknown 'none/centre'. Did you mean 'none/center'? Known: ",
        ),
        (("values", {"none/gradcam": 1}), "claims.ours.values: unknown 'none/gradcam'. Did you mean 'net/gradcam'?"),
        (("values", {7: 1}), "claims.ours.values: unknown '7'."),
        (("values", {"none/center": "5"}), "claims.ours.values.none/center: must be a number, got '5'."),
        (("values", {"none/center": True}), "claims.ours.values.none/center: must be a number, got True."),
        (
            ("values", {"none/center": float("nan")}),
            "claims.ours.values.none/center: must be a finite number, got nan.",
        ),
        (
            ("values", {"none/center": 1, "none/center/sweep": 2}),
            "claims.ours.values: 'none/center/sweep' is given twice.",
        ),
        (("sauce", "here"), "claims.ours: unknown 'sauce'. Did you mean 'source'?"),
    ],
    ids=str,
)
def test_a_wrong_claim_is_one_line(change, line):
    with pytest.raises(ConfigError) as error:
        check(with_claim(change))
    assert str(error.value).startswith(line)


def test_claims_that_cannot_be_are_refused():
    config = with_claim(("choice", "selected"))
    config["evaluations"]["e"].pop("select")
    with pytest.raises(
        ConfigError, match=r"^claims.ours.choice: no level is selected in 'e', which names no 'select'\.$"
    ):
        check(config)
    with pytest.raises(ConfigError, match=r"^claims.ours: is empty; give its settings, or leave it out\.$"):
        check(changed(("claims", {"ours": None})))
    several = changed(("thresholds.otsu", {}), ("claims", {"ours": CLAIM}))
    with pytest.raises(ConfigError, match=r"^claims.ours.values: unknown 'none/center'. Did you mean 'none/center/"):
        check(several)


def test_what_is_missing_is_told_from_what_is_wrong(tmp_path):
    (tmp_path / "here").mkdir()
    gone = str(tmp_path / "nowhere")
    for place in ("datasets.a.images", "datasets.a.class_map", "backbones.net.weights"):
        with pytest.raises(Missing):
            check(changed((place, gone)))
    own = {"model": f"{gone}.keras", "preprocessing": {"scale": 1.0}}
    for entry in (own, {"imported": gone}, {"imported": {"a": str(tmp_path), "b": gone}}):
        with pytest.raises(Missing):
            check(changed(("backbones.net", entry), ("cams", {"gradcam": {}, "center": {}} if entry is own else {})))
    with pytest.raises(ConfigError) as error:
        check(changed(("backbones.net", own | {"model": str(tmp_path / "here")})))
    assert not isinstance(error.value, Missing)


def test_claims_are_known_without_what_the_config_names():
    found = unchecked(shaped(CLAIMING)["claims"])
    assert [claim.run for claim in found] == ["none/center", "net/gradcam/sweep"]
    assert [claim._replace(run="") for claim in found] == [
        c._replace(run="", selects=False) for c in check(CLAIMING).settings["claims"]
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_claims_have_their_shape_and_a_source(path):
    claims = unchecked(shaped(yaml.safe_load(path.read_text(encoding="utf-8")))["claims"])
    assert all(claim.source.strip() and claim.expected >= 0 for claim in claims)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_claims_are_of_runs_that_there_are(monkeypatch, path):
    """As if the data were here: what a config names is taken to be there, and weights to be weights."""
    for place in ("settings.is_there", "places.is_there", "maps.imported.is_there"):
        monkeypatch.setattr(f"wsol.{place}", lambda _: True)
    for check_of in ("places.folder", "places.file", "networks.models.modelfile.check_weights"):
        monkeypatch.setattr(f"wsol.{check_of}", lambda *_: None)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["backbones"] = {name: entry for name, entry in config.get("backbones", {}).items() if "model" not in entry}
    claimed = check(config).settings["claims"] if config.get("claims") else []
    assert len(claimed) == sum(len(claim["values"]) for claim in config.get("claims", {}).values())
