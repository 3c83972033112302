# export: a run's boxes, masks or maps, in forms that other tools read.
EXPORTED = [
    f"{RESULTS}/{run.folder(run.report, 'backbone', 'cam', 'threshold', 'evaluation')}/export/{form}"
    for run, form in experiments.exported(EXPERIMENT)
]


rule export:
    input:
        unpack(report_and_select),
        code=code("export"),
    output:
        directory(f"{RESULTS}/{SCORED}/export/{{form}}"),
    log:
        f"{RESULTS}/logs/export/{SCORED}/{{form}}.log",
    wildcard_constraints:
        backbone=rf"{experiments.NO_BACKBONE}|[^/]+@[0-9a-f]{{8}}",
        form=r"[^/]+",
    conda:
        "../../environment.yml"
    params:
        run=run_and_seed,
        evaluation=settings("evaluation"),
        threshold=settings("threshold"),
    script:
        "../../scripts/export.py"
