# export: a run's boxes, masks or maps, in forms that other tools read.
EXPORTED = [
    f"{RESULTS}/{run.folder(run.report, 'backbone', 'cam', 'threshold', 'evaluation')}/export/{form}"
    for run, form in experiments.exported(EXPERIMENT)
]


def run_and_seed(wildcards):
    """What the user called each decision of a run, and the seed of its training where its backbone has one."""
    weights = (SETTINGS.get(wildcards.backbone) or {}).get("weights")
    seed = {"seed": SETTINGS[weights["train"]]["train"]["seed"]} if isinstance(weights, dict) else {}
    return names_of_run(wildcards) | seed


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
        threshold=settings("threshold"),
    script:
        "../../scripts/export.py"
