# predict: images -> logits, and the explained layer's activations and gradients. The only stage that runs the network.
KEPT = (lambda path: path) if EXPERIMENT.settings["activations"] == "keep" else temp


rule predict:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        seen=lambda w: noted(f"{w.dataset}/images", f"{w.backbone}/weights"),
        weights=weights,
        model=model,
        program=program,
        code=lambda w: code("predict", *experiments.adapters([SETTINGS[w.dataset]], drawn=True)),
    output:
        predictions=f"{RESULTS}/{{dataset}}/{{backbone}}/{{shard}}.predictions.npz",
        evidence=KEPT(f"{RESULTS}/{{dataset}}/{{backbone}}/{{shard}}.evidence.npz"),
    log:
        f"{RESULTS}/logs/predict/{{dataset}}/{{backbone}}/{{shard}}.log",
    conda:
        "../../environment.yml"
    threads: THREADS
    params:
        backbone=settings("backbone"),
        dataset=settings("dataset"),
    script:
        "../../scripts/predict.py"
