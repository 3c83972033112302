# index: annotations -> targets.parquet, labels.parquet, problems.csv, summary.txt; plan: what they add up to, before any map is made.


rule index:
    input:
        seen=lambda w: noted(f"{w.dataset}/annotations", f"{w.dataset}/images"),
        code=lambda w: code("index", *experiments.adapters([SETTINGS[w.dataset]])),
    output:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        labels=f"{RESULTS}/{{dataset}}/index/labels.parquet",
        problems=report(
            f"{RESULTS}/{{dataset}}/index/problems.csv",
            caption="../report/problems.rst",
            category="Data sets",
            labels={"data set": "{dataset}", "file": "problems"},
        ),
        summary=report(
            f"{RESULTS}/{{dataset}}/index/summary.txt",
            caption="../report/summary.rst",
            category="Data sets",
            labels={"data set": "{dataset}", "file": "summary"},
        ),
    log:
        f"{RESULTS}/logs/index/{{dataset}}.log",
    priority: 1  # before trainings: what the plan refuses is refused before they have taken hours
    conda:
        "../../environment.yml"
    params:
        settings=settings("dataset"),
    script:
        "../../scripts/index.py"


# How many images there are, and how large their maps, decides which shards there are, so nothing behind this is known before. It is also the place
# to refuse what would cost hours: splits that overlap, classes without an output, a network without the layer asked for.
checkpoint plan:
    input:
        targets=[f"{RESULTS}/{dataset}/index/targets.parquet" for dataset in experiments.datasets(EXPERIMENT)],
        labels=[f"{RESULTS}/{dataset}/index/labels.parquet" for dataset in experiments.labelled(EXPERIMENT)],
        seen=noted(
            *[note for note in NOTES if Path(note).name in ("weights", *SAID)],
            *[f"{pair['dataset']}/{pair['backbone']}" for pair in experiments.elsewhere(EXPERIMENT)],
        ),
        code=code("plan"),
    output:
        PLANNED,
    log:
        f"{RESULTS}/logs/plan.log",
    priority: 1
    conda:
        "../../environment.yml"
    threads: THREADS
    params:
        datasets=experiments.datasets(EXPERIMENT),
        labelled=experiments.labelled(EXPERIMENT),
        settings=[SETTINGS[dataset] for dataset in experiments.datasets(EXPERIMENT)],
        pairs=experiments.pairs(EXPERIMENT),
        networks=experiments.planned(EXPERIMENT),
        logits=experiments.answered(EXPERIMENT),
        elsewhere=experiments.elsewhere(EXPERIMENT),
    script:
        "../../scripts/plan.py"
