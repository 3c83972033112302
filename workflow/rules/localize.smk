# localize: maps and levels -> boxes, masks where the evaluation asks for them, and what scores need of maps and pixels.


rule localize:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        heatmaps=f"{RESULTS}/{{dataset}}/{{backbone}}/{{cam}}/{{shard}}.heatmaps.npz",
        code=code("localize"),
    output:
        regions=f"{RESULTS}/{{dataset}}/{{backbone}}/{{cam}}/{{threshold}}/{{shard}}.regions.npz",
        measures=f"{RESULTS}/{{dataset}}/{{backbone}}/{{cam}}/{{threshold}}/{{shard}}.measures.npz",
    log:
        f"{RESULTS}/logs/localize/{{dataset}}/{{backbone}}/{{cam}}/{{threshold}}/{{shard}}.log",
    wildcard_constraints:
        backbone=rf"{experiments.NO_BACKBONE}|[^/]+@[0-9a-f]{{8}}",
    conda:
        "../../environment.yml"
    params:
        threshold=settings("threshold"),
        measures=lambda w: MEASURED[f"{w.dataset}/{w.backbone}/{w.cam}/{w.threshold}"],
    script:
        "../../scripts/localize.py"
