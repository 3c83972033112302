# score: regions and truth -> numbers with intervals, a run at a time; table: all of them in tidy files.
SCORED = "{dataset}/{backbone}/{cam}/{threshold}/{evaluation}"


rule score:
    input:
        unpack(report_and_select),
        code=code("score"),
    output:
        scores=f"{RESULTS}/{SCORED}/scores.parquet",
        draws=f"{RESULTS}/{SCORED}/draws.npz",
        outcomes=f"{RESULTS}/{SCORED}/outcomes.parquet",
        curves=f"{RESULTS}/{SCORED}/curves.parquet",
        strata=f"{RESULTS}/{SCORED}/strata.parquet",
    log:
        f"{RESULTS}/logs/score/{SCORED}.log",
    wildcard_constraints:
        backbone=rf"{experiments.NO_BACKBONE}|[^/]+@[0-9a-f]{{8}}",
    conda:
        "../../environment.yml"
    params:
        run=names_of_run,
        evaluation=settings("evaluation"),
        threshold=settings("threshold"),
    script:
        "../../scripts/score.py"


rule table:
    input:
        scores=scored("scores.parquet"),
        draws=scored("draws.npz"),
        strata=scored("strata.parquet"),
        outcomes=scored("outcomes.parquet"),
        curves=scored("curves.parquet"),
        targets=[f"{RESULTS}/{run.report.id}/index/targets.parquet" for run in EXPERIMENT.runs],
        asked=f"{RESULTS}/inputs/experiment.txt",
        code=code("table"),
    output:
        scores=report(
            f"{RESULTS}/scores.csv",
            caption="../report/scores.rst",
            category="Scores",
            labels={"table": "scores of every run"},
        ),
        comparisons=report(
            f"{RESULTS}/comparisons.csv",
            caption="../report/comparisons.rst",
            category="Scores",
            labels={"table": "comparisons of runs"},
        ),
        strata=report(
            f"{RESULTS}/strata.csv",
            caption="../report/strata.rst",
            category="Scores",
            labels={"table": "scores by class and by what the object is like"},
        ),
        failures=report(
            f"{RESULTS}/failures.csv",
            caption="../report/failures.rst",
            category="Scores",
            labels={"table": "kinds of failures"},
        ),
        curves=report(
            f"{RESULTS}/curves.csv",
            caption="../report/curves.rst",
            category="Scores",
            labels={"table": "curves by level, IoU and recall"},
        ),
    log:
        f"{RESULTS}/logs/table.log",
    conda:
        "../../environment.yml"
    params:
        controls=[experiments.is_control(run) for run in EXPERIMENT.runs],
        trainings=[run.training.id if run.training else "" for run in EXPERIMENT.runs],
        every=EXPERIMENT.settings["compare"] == "all",
        metrics=experiments.of_metrics(EXPERIMENT),
    script:
        "../../scripts/table.py"
