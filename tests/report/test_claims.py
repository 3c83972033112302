"""Claims: rounded as they are printed, compared, and told; what was not run is neither right nor wrong."""

import pandas as pd
import pytest
from test_report import scores

from wsol.report import claims
from wsol.report.claims import Claim, agrees, text, unmet, verdicts

RUN = "mobilenetv2/gradcam/sweep"


def claim(**changes) -> Claim:
    about = {
        "name": "ours",
        "source": "A paper",
        "evaluation": "e",
        "metric": "maxboxacc@50",
        "choice": None,
        "run": RUN,
    }
    return Claim(**about | {"expected": 55.0, "tolerance": 0.1, "subset": False} | changes)


def verdict(**changes) -> str:
    return verdicts([claim(**changes)], scores())["verdict"].item()


@pytest.mark.parametrize(
    "expected, tolerance, got, agreed",
    [
        (53.4, 0.1, 53.3853, True),
        (53.4, 0, 53.3853, True),  # 53.4 is all that is printed
        (53.385, 0, 53.3853, True),
        (53.386, 0, 53.3853, False),
        (53.4, 0.1, 53.54, True),  # printed, 53.5
        (53.4, 0.1, 53.56, False),
        (53.4, 0.1, 53.26, True),
        (53.4, 0.1, 53.25, False),  # tables print it as 53.2
        (53, 0, 53.49, True),  # no decimal is claimed
        (59.6, 0.01, 59.6049, True),  # printed 59.60, which YAML reads as 59.6
        (59.6, 0.01, 59.645, False),
        (53.0, 0, 53.49, False),
        (0.1, 0.2, 0.3, True),  # in binary 0.3 - 0.1 is less than 0.2, and 0.7 - 0.5 more
        (0.5, 0.2, 0.7, True),
        (0.3, 0.1, 0.2, True),
        (100, 0, 100.0, True),
        (-3.5, 0.1, -3.6, True),
    ],
)
def test_a_number_is_held_to_the_digits_that_are_printed(expected, tolerance, got, agreed):
    assert agrees(expected, tolerance, got) is agreed


def test_a_claim_is_of_what_tables_show_first_unless_it_says():
    assert verdict() == "reproduced"  # the selected number
    assert verdict(choice="oracle") == "differs"
    assert verdict(choice="oracle", expected=60.0) == "reproduced"
    assert verdict(expected=54.8, subset=True) == "differs (subset)"
    assert verdict(expected=54.9, subset=True) == "reproduced (subset)"
    row = verdicts([claim(choice="oracle")], scores()).iloc[0]
    assert (row["choice"], row["got"], row["low"], row["high"], row["n"]) == (
        "oracle",
        "60.0000",
        "50.0000",
        "70.0000",
        "10",
    )


def test_what_ran_and_has_no_row_differs():
    assert verdict(metric="pxap") == "differs (no row: none of pxap)"
    assert verdict(run="mobilenetv2/cam/sweep") == "differs (no row: none of maxboxacc@50)"
    assert verdict(metric="top1_acc", choice="oracle") == f"differs (no row: top1_acc of {RUN} has none)"
    blank = verdicts([claim()], scores().assign(value=float("nan")))
    assert blank["verdict"].item() == "differs (no row: none of maxboxacc@50)"


def test_the_oracle_is_no_level_that_was_selected():
    """Where an evaluation selects, a row that is the oracle's alone is another number than what was claimed."""
    only = scores().query("choice != 'selected'")
    alone = claim(expected=60.0, selects=True)
    assert verdicts([alone], only)["verdict"].item() == f"differs (no row: maxboxacc@50 of {RUN} has oracle)"
    assert verdicts([alone._replace(choice="oracle")], only)["verdict"].item() == "reproduced"


def test_a_number_of_one_training_is_marked():
    once = verdicts([claim()], scores().assign(trainings=1))
    assert claims.brief(once.iloc[0]) == "55.0 [45.0 65.0] (1 training)"


def test_verdicts_are_of_the_claims_that_they_state(tmp_path):
    verdicts([claim()], scores()).to_csv(tmp_path / "r.csv", index=False)
    assert claims.states(tmp_path / "r.csv", [claim()])
    assert not claims.states(tmp_path / "r.csv", [claim(expected=12.3)])
    assert not claims.states(tmp_path / "none.csv", [claim()])


def test_every_number_comes_back_from_the_file_as_it_was_written(tmp_path):
    given = [claim(expected=60.0, choice="oracle"), claim(expected=55), claim(metric="pxap")]
    found = verdicts(given, scores())
    found.to_csv(tmp_path / "r.csv", index=False)
    pd.testing.assert_frame_equal(claims.read(tmp_path / "r.csv"), found, check_dtype=False)
    assert found["expected"].tolist() == ["60.0", "55", "55.0"]
    assert [claims.brief(row) for _, row in found.iterrows()] == ["60.0* [50.0 70.0]", "55.0 [45.0 65.0]", ""]


def test_the_terminal_has_a_line_for_each_run_below_where_it_is_printed():
    other = "none/center/sweep"
    given = [claim(), claim(run=other, expected=41.0), claim(name="theirs", metric="pxap", source="B")]
    assert text(verdicts(given, scores())).splitlines() == [
        "claims: 1 reproduced, 2 differs",
        "ours: maxboxacc@50 of e, from A paper",
        f"  {RUN}  55.0 ± 0.1  55.0 [45.0 65.0]  reproduced",
        f"  {other}          41.0 ± 0.1  40.0 [30.0 50.0]  differs",
        "theirs: pxap of e, from B",
        f"  {RUN}  55.0 ± 0.1  -  differs (no row: none of pxap)",
    ]
    why = "datasets.a.images: no such file or folder: 'a'."
    assert text(unmet(given[:2], why)).splitlines()[2:] == [f"  2 runs: not run ({why[:-1]})"]


def test_a_single_group_has_no_interval():
    alone = verdicts([claim()], scores().assign(low=float("nan"), high=float("nan")))
    assert claims.brief(alone.iloc[0]) == "55.0"
