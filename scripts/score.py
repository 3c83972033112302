"""score: regions and truth of one run -> its metrics with intervals, and every target's own values."""

from typing import TYPE_CHECKING

from wsol.evaluate import evaluate
from wsol.files import OUTCOMES, SCORES
from wsol.job import job
from wsol.metrics import View
from wsol.scoring import drawn_boxes, outcome

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params, output = snakemake.input, snakemake.params, snakemake.output
evaluation, threshold = params.evaluation, params.threshold
KINDS = ("targets", "predictions", "heatmaps", "regions")

with job(snakemake.log, "score") as log:
    report, shards = outcome({kind: files.get(kind) for kind in KINDS}, threshold)
    select = outcome({kind: files.get(f"select_{kind}") for kind in KINDS}, threshold)[0] if evaluation["select"] else None
    single = threshold["threshold"]["method"] != "sweep"
    given = {key: evaluation[key] for key in ("resamples", "seed")}
    found = evaluate(report, select, evaluation["metrics"], single_level=single, **given)
    for metric, lacking in found.unavailable.items():
        log.say(f"{metric}: no row, there is no {lacking}")
    log.say(report.status.size, "targets:", {s: int((report.status == s).sum()) for s in sorted(set(report.status))})
    choice = "fixed" if single else "selected" if select else "oracle"
    drawn = drawn_boxes(View(report, choice, select), shards, report.targets[["height", "width"]].to_numpy())
    provenance = {
        "settings": {"run": params.run, "evaluation": evaluation, "threshold": threshold},
        "made_from": {"targets": files.targets} | {f"regions {i}": path for i, path in enumerate(files.regions)},
    }
    SCORES.write(output.scores, found.scores.assign(**params.run), **provenance)
    OUTCOMES.write(output.outcomes, found.targets.assign(box=drawn), **provenance)
