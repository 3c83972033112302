# heatmap: activations and gradients -> one small map a target; refine: that map and the image -> a finer one.


rule heatmap:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        predictions=lambda w: read("predictions", w.dataset, w.backbone, w.shard),
        evidence=lambda w: read("evidence", w.dataset, w.backbone, w.shard),
        code=code("heatmap"),
    output:
        heatmaps=f"{RESULTS}/{{dataset}}/{{backbone}}/{{cam}}/{{shard}}.heatmaps.npz",
    log:
        f"{RESULTS}/logs/heatmap/{{dataset}}/{{backbone}}/{{cam}}/{{shard}}.log",
    wildcard_constraints:
        cam=rf"(?!{experiments.IMPORTED}@|{REFINING})[^/]+@[0-9a-f]{{8}}",
    conda:
        "../../environment.yml"
    params:
        cam=settings("cam"),
        backbone=settings("backbone"),
    script:
        "../../scripts/heatmap.py"


rule control:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        code=code("control"),
    output:
        heatmaps=f"{RESULTS}/{{dataset}}/{experiments.NO_BACKBONE}/{{cam}}/{{shard}}.heatmaps.npz",
    log:
        f"{RESULTS}/logs/control/{{dataset}}/{{cam}}/{{shard}}.log",
    wildcard_constraints:
        cam=rf"(?!{REFINING})[^/]+@[0-9a-f]{{8}}",
    conda:
        "../../environment.yml"
    params:
        cam=settings("cam"),
    script:
        "../../scripts/control.py"


rule imported:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        seen=lambda w: noted(f"{w.dataset}/{w.backbone}"),
        code=code("imported"),
    output:
        heatmaps=f"{RESULTS}/{{dataset}}/{{backbone}}/{{cam}}/{{shard}}.heatmaps.npz",
    log:
        f"{RESULTS}/logs/imported/{{dataset}}/{{backbone}}/{{cam}}/{{shard}}.log",
    wildcard_constraints:
        cam=rf"{experiments.IMPORTED}@[0-9a-f]{{8}}",
    conda:
        "../../environment.yml"
    params:
        backbone=settings("backbone"),
        maps=lambda w: experiments.maps_of(SETTINGS[w.backbone], w.dataset),
    script:
        "../../scripts/imported.py"


# Of whatever maps: a network's, a control's or imported ones. Plain maps depend on no image but through the network.
rule refine:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        heatmaps=lambda w: f"{RESULTS}/{w.dataset}/{w.backbone}/{REFINED[w.cam]}/{w.shard}.heatmaps.npz",
        seen=lambda w: noted(f"{w.dataset}/images"),
        code=lambda w: code("refine", *experiments.adapters([SETTINGS[w.dataset]], drawn=True)),
    output:
        heatmaps=f"{RESULTS}/{{dataset}}/{{backbone}}/{{cam}}/{{shard}}.heatmaps.npz",
    log:
        f"{RESULTS}/logs/refine/{{dataset}}/{{backbone}}/{{cam}}/{{shard}}.log",
    wildcard_constraints:
        backbone=rf"{experiments.NO_BACKBONE}|[^/]+@[0-9a-f]{{8}}",
        cam=REFINING,
    conda:
        "../../environment.yml"
    params:
        cam=settings("cam"),
        dataset=settings("dataset"),
    script:
        "../../scripts/refine.py"
