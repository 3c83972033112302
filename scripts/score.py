"""score: regions and truth of one run -> its metrics with intervals, and every target's own values."""

from typing import TYPE_CHECKING

from wsol.evaluate import evaluate
from wsol.files import OUTCOMES, SCORES, STRATA
from wsol.job import job
from wsol.metrics import View
from wsol.runs import outcome
from wsol.strata import strata

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params, output = snakemake.input, snakemake.params, snakemake.output
evaluation, threshold = params.evaluation, params.threshold
KINDS = ("targets", "predictions", "heatmaps", "regions")

with job(snakemake.log, "score") as log:
    report, stages = outcome({kind: files.get(kind) for kind in KINDS}, threshold)
    chosen_on = {kind: files.get(f"select_{kind}") for kind in KINDS}
    select = outcome(chosen_on, threshold)[0] if evaluation["select"] else None
    single = threshold["threshold"]["method"] != "sweep"
    statistics = {key: evaluation[key] for key in ("resamples", "seed")}
    found = evaluate(report, select, evaluation["metrics"], single_level=single, **statistics)
    for metric, lacking in found.unavailable.items():
        log.say(f"{metric}: no row, for lack of {lacking}")
    log.say(f"{len(report)} targets:", {s: int((report.status == s).sum()) for s in sorted(set(report.status))})
    view = View(report, "fixed" if single else "selected" if select else "oracle", select)
    drawn = stages.largest_boxes(view.level((0.5,), "largest", "any"))
    provenance = {
        "settings": {"run": params.run, "evaluation": evaluation, "threshold": threshold},
        "made_from": {"targets": files.targets} | {f"regions {i}": path for i, path in enumerate(files.regions)},
    }
    SCORES.write(output.scores, found.scores.assign(**params.run), **provenance)
    OUTCOMES.write(output.outcomes, found.targets.assign(box=drawn), **provenance)
    STRATA.write(
        output.strata, strata(found, report.targets, seed=evaluation["seed"]).assign(**params.run), **provenance
    )
