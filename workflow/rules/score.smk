# score: regions and truth -> numbers with intervals, a run at a time; table: all of them in one tidy file.
SCORED = "{dataset}/{backbone}/{cam}/{threshold}/{evaluation}"


def outcome(dataset, wildcards):
    """Every file that the score of a run on `dataset` reads."""
    here = f"{RESULTS}/{dataset}/{wildcards.backbone}"
    maps = f"{here}/{wildcards.cam}"
    predicted = experiments.predicts(SETTINGS.get(wildcards.backbone))
    return {
        "targets": f"{RESULTS}/{dataset}/index/targets.parquet",
        "predictions": sharded(here + "/{shard}.predictions.npz", dataset) if predicted else [],
        "heatmaps": sharded(maps + "/{shard}.heatmaps.npz", dataset),
        "regions": sharded(f"{maps}/{wildcards.threshold}/{{shard}}.regions.npz", dataset),
    }


def report_and_select(wildcards):
    """The reported dataset's files and, under `select_…`, those of the dataset that levels are chosen on."""
    select = SETTINGS[wildcards.evaluation]["select"]
    chosen_on = outcome(select, wildcards) if select else {}
    return outcome(wildcards.dataset, wildcards) | {f"select_{key}": files for key, files in chosen_on.items()}


def names_of_run(wildcards):
    """What the user called each decision of a run."""
    return {kind: wildcards[kind].split("@")[0] for kind in ("dataset", "backbone", "cam", "threshold", "evaluation")}


rule score:
    input:
        unpack(report_and_select),
        code=code("score"),
    output:
        scores=f"{RESULTS}/{SCORED}/scores.parquet",
        draws=f"{RESULTS}/{SCORED}/draws.npz",
        outcomes=f"{RESULTS}/{SCORED}/outcomes.parquet",
        strata=f"{RESULTS}/{SCORED}/strata.parquet",
    log:
        f"{RESULTS}/logs/score/{SCORED}.log",
    wildcard_constraints:
        backbone=rf"{experiments.NO_BACKBONE}|[^/]+@[0-9a-f]{{8}}",
    params:
        run=names_of_run,
        evaluation=settings("evaluation"),
        threshold=settings("threshold"),
    script:
        "../../scripts/score.py"


# Every run's folder of scores, and whether its cam is a control.
CONTROLLED = {
    run.folder(run.report, "backbone", "cam", "threshold", "evaluation"): experiments.is_control(run)
    for run in EXPERIMENT.runs
}


def scored(name):
    """A file of every run's score."""
    return [f"{RESULTS}/{folder}/{name}" for folder in CONTROLLED]


rule table:
    input:
        scores=scored("scores.parquet"),
        draws=scored("draws.npz"),
        strata=scored("strata.parquet"),
        code=code("table"),
    output:
        scores=report(f"{RESULTS}/scores.csv", category="Scores"),
        comparisons=report(f"{RESULTS}/comparisons.csv", category="Scores"),
        strata=report(f"{RESULTS}/strata.csv", category="Scores"),
    log:
        f"{RESULTS}/logs/table.log",
    params:
        controls=list(CONTROLLED.values()),
        every=EXPERIMENT.settings["compare"] == "all",
        metrics=experiments.of_metrics(EXPERIMENT),
    script:
        "../../scripts/table.py"
