# index: annotations -> targets.parquet, problems.csv, summary.txt.


checkpoint index:
    input:
        sources=lambda w: experiments.sources(SETTINGS[w.dataset]),
        code=code("index"),
    output:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        problems=f"{RESULTS}/{{dataset}}/index/problems.csv",
        summary=f"{RESULTS}/{{dataset}}/index/summary.txt",
        size=f"{RESULTS}/{{dataset}}/index/size.json",
    log:
        f"{RESULTS}/logs/index/{{dataset}}.log",
    params:
        settings=settings("dataset"),
    script:
        "../../scripts/index.py"


# Images a threshold is chosen on, or a network trained on, may not be among those it is scored on.
rule disjoint:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        others=lambda w: [
            f"{RESULTS}/{other}/index/targets.parquet" for other in experiments.partners(EXPERIMENT, w.dataset)
        ],
        code=code("disjoint"),
    output:
        touch(f"{RESULTS}/{{dataset}}/index/disjoint"),
    log:
        f"{RESULTS}/logs/disjoint/{{dataset}}.log",
    script:
        "../../scripts/disjoint.py"
