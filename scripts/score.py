"""score: regions and truth of one run -> its metrics with intervals, its curves, and every target's own values."""

from typing import TYPE_CHECKING

import pandas as pd

from wsol.experiment import plugins
from wsol.files.score import CURVES, DRAWS, OUTCOMES, SCORES, STRATA
from wsol.job import job
from wsol.scores.evaluate import evaluate
from wsol.scores.load import viewed
from wsol.scores.seen import as_seen
from wsol.scores.series import find_curves
from wsol.scores.strata import by_class_of_seeds, strata

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params, output = snakemake.input, snakemake.params, snakemake.output

with job(snakemake.log, "score") as log:
    evaluation, threshold = plugins.joined(params.evaluation), plugins.joined(params.threshold)
    view, stages = viewed(files, threshold, evaluation["levels"])
    report = view.outcome
    statistics = {key: evaluation[key] for key in ("resamples", "seed")}
    select = view.chooser if view.level_from == "selected" else None
    how = {"single_level": view.level_from == "fixed", "per_class": view.per_class}
    found = evaluate(report, select, evaluation["metrics"], **how, **statistics)
    for metric, lacking in found.unavailable.items():
        log.say(f"{metric}: no row, for lack of {lacking}")
    for row, classes in found.without_level.items():
        log.say(f"{row}: no target tells of a level of their own, so that they have that of all:", ", ".join(classes))
    if stages.unmeasured:
        log.say("maps drawn again, for lack of measures of:", ", ".join(sorted(stages.unmeasured)))
    log.say(f"{len(report)} targets:", {str(s): int((report.status == s).sum()) for s in sorted(set(report.status))})
    targets = found.targets.assign(**as_seen(view, stages))
    curves = find_curves(view, select, targets["iou"].to_numpy(), found.scores["metric"].tolist())
    made_from = {"targets": files.targets} | ({"select targets": files.select_targets} if select else {})
    for kind in ("predictions", "regions", "measures"):
        made_from |= {f"{kind} {i}": path for i, path in enumerate(files.get(kind) or ())}
        if select:
            made_from |= {f"select {kind} {i}": path for i, path in enumerate(files.get(f"select_{kind}") or ())}
    settings = {"run": params.run, "evaluation": params.evaluation, "threshold": params.threshold}
    provenance = {"settings": settings, "made_from": made_from}
    SCORES.write(output.scores, found.scores.assign(**params.run), **provenance)
    OUTCOMES.write(output.outcomes, targets, **provenance)
    DRAWS.write(output.draws, values=found.draws, **provenance)
    CURVES.write(output.curves, curves.assign(**params.run), **provenance)
    parts = pd.concat([strata([found.targets], report.targets), by_class_of_seeds(found.scores, report)])
    STRATA.write(output.strata, parts.assign(**params.run), **provenance)
