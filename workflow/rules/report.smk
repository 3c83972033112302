# report: what the tables say, in figures too, and the gallery, in one HTML file.
from wsol.experiment.described import described, trainings

TABLES = ("scores", "comparisons", "strata", "failures", "curves")
PICTURED = experiments.pictured(EXPERIMENT)
TRAINED = trainings(EXPERIMENT)


rule report:
    input:
        # In the order of page.seen.Tables.
        tables=[f"{RESULTS}/{name}.csv" for name in TABLES],
        reproduction=CLAIMED,
        targets=[f"{RESULTS}/{run.report.id}/index/targets.parquet" for run in PICTURED],
        outcomes=[
            f"{RESULTS}/{run.folder(run.report, 'backbone', 'cam', 'threshold', 'evaluation')}/outcomes.parquet"
            for run in PICTURED
        ],
        levels=[
            f"{RESULTS}/{run.folder(run.report, 'backbone', 'cam', 'threshold', 'evaluation')}/scores.parquet"
            for run in PICTURED
        ],
        heatmaps=lambda w: [
            path
            for run in PICTURED
            for path in sharded(
                f"{RESULTS}/{run.folder(run.report, 'backbone', 'cam')}/{{shard}}.heatmaps.npz",
                *run.folder(run.report, "backbone", "cam").split("/"),
            )
        ],
        histories=[f"{RESULTS}/weights/{training['id']}/history.parquet" for training in TRAINED],
        learned=[
            f"{RESULTS}/{dataset}/index/labels.parquet"
            for dataset in sorted({each for training in TRAINED for each in training["on"]})
        ],
        seen=noted(*[f"{run.report.id}/images" for run in PICTURED]),
        summaries=[f"{RESULTS}/{dataset}/index/summary.txt" for dataset in experiments.datasets(EXPERIMENT)],
        problems=[f"{RESULTS}/{dataset}/index/problems.csv" for dataset in experiments.datasets(EXPERIMENT)],
        code=code("report", *experiments.adapters([run.report.settings for run in PICTURED], drawn=True)),
    output:
        report(
            f"{RESULTS}/report.html",
            caption="../report/leaderboard.rst",
            category="Leaderboard",
            labels={"page": "leaderboard and pictures"},
        ),
    log:
        f"{RESULTS}/logs/report.log",
    conda:
        "../../environment.yml"
    params:
        runs=[
            {
                "evaluation": run.evaluation.name,
                "name": f"{run.backbone.name if run.backbone else 'none'}/{run.cam.name}/{run.threshold.name}",
                "training": CALLED.get(run.backbone.id, "") if run.backbone else "",
                "control": experiments.is_control(run),
                "explain": (run.backbone.settings if run.backbone else {}).get("explain", "labelled"),
                "report": run.report.name,
                "dataset": run.report.settings,
                "maps": run.folder(run.report, "backbone", "cam"),
                "settings": run.threshold.settings,
            }
            for run in PICTURED
        ],
        trained=TRAINED,
        overlays=EXPERIMENT.settings["overlays"],
        metrics=experiments.of_metrics(EXPERIMENT),
        described=described(EXPERIMENT, workflow.overwrite_configfiles),
    script:
        "../../scripts/report.py"
