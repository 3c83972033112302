# predict: images -> logits, and the evidence of all explanations that share the pass (a reading of the network).
KEPT = (lambda path: path) if EXPERIMENT.settings["activations"] == "keep" else temp


rule predict:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        seen=lambda w: noted(f"{w.dataset}/images", f"{network(w)}/weights"),
        weights=weights,
        model=model,
        code=lambda w: code("predict", *experiments.adapters([SETTINGS[w.dataset]], drawn=True)),
    output:
        predictions=f"{RESULTS}/{{dataset}}/predict/{{reading}}/{{shard}}.predictions.npz",
        evidence=KEPT(f"{RESULTS}/{{dataset}}/predict/{{reading}}/{{shard}}.evidence.npz"),
    log:
        f"{RESULTS}/logs/predict/{{dataset}}/{{reading}}/{{shard}}.log",
    conda:
        "../../environment.yml"
    threads: THREADS
    params:
        reading=settings("reading"),
        dataset=settings("dataset"),
    script:
        "../../scripts/predict.py"
