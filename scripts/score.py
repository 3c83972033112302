"""score: regions and truth of one run -> its metrics with intervals, and every target's own values."""

from typing import TYPE_CHECKING

from wsol.evaluate import evaluate
from wsol.files import DRAWS, OUTCOMES, SCORES, STRATA
from wsol.job import job
from wsol.runs import viewed
from wsol.strata import strata

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def named(read: dict[str, list[str]]) -> dict[str, str]:
    """Every file by its role, numbered where there are several."""
    return {f"{role} {i}" if i else role: path for role, paths in read.items() for i, path in enumerate(paths)}


files, params, output = snakemake.input, snakemake.params, snakemake.output
evaluation, threshold = params.evaluation, params.threshold

with job(snakemake.log, "score") as log:
    view, stages = viewed(files, threshold)
    report, statistics = view.outcome, {key: evaluation[key] for key in ("resamples", "seed")}
    select = view.chooser if view.choice == "selected" else None
    found = evaluate(report, select, evaluation["metrics"], single_level=view.choice == "fixed", **statistics)
    for metric, lacking in found.unavailable.items():
        log.say(f"{metric}: no row, for lack of {lacking}")
    log.say(f"{len(report)} targets:", {str(s): int((report.status == s).sum()) for s in sorted(set(report.status))})
    drawn = stages.largest_boxes(view.level((0.5,), "largest", "any"))
    read = {"targets": [files.targets], "regions": files.regions}
    if select:
        read |= {"select targets": [files.select_targets], "select regions": files.select_regions}
    provenance = {
        "settings": {"run": params.run, "evaluation": evaluation, "threshold": threshold},
        "made_from": named(read),
    }
    SCORES.write(output.scores, found.scores.assign(**params.run), **provenance)
    OUTCOMES.write(output.outcomes, found.targets.assign(box=drawn), **provenance)
    DRAWS.write(output.draws, values=found.draws, **provenance)
    STRATA.write(output.strata, strata(found, report.targets).assign(**params.run), **provenance)
