# predict: images -> logits, and the evidence of all explanations that share the pass (a reading of the network).
KEPT = (lambda path: path) if EXPERIMENT.settings["activations"] == "keep" else temp


rule predict:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        seen=lambda w: noted(f"{w.dataset}/images", f"{network(w)}/weights"),
        weights=weights,
        model=model,
        program=program,
        code=lambda w: code("predict", *experiments.adapters([SETTINGS[w.dataset]], drawn=True)),
    output:
        predictions=f"{RESULTS}/{{dataset}}/predict/{{reading}}/{{shard}}.predictions.npz",
        evidence=KEPT(f"{RESULTS}/{{dataset}}/predict/{{reading}}/{{shard}}.evidence.npz"),
    log:
        f"{RESULTS}/logs/predict/{{dataset}}/{{reading}}/{{shard}}.log",
    wildcard_constraints:
        reading=rf"(?!{ANSWERS})[^/]+@[0-9a-f]{{8}}",
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=EXPERIMENT.settings["gpus"],
    params:
        reading=settings("reading"),
        dataset=settings("dataset"),
    script:
        "../../scripts/predict.py"


# What a network said elsewhere. Backbones that share a file share its predictions.
rule logits:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        seen=lambda w: noted(f"{w.dataset}/{w.reading}"),
        code=code("logits"),
    output:
        predictions=f"{RESULTS}/{{dataset}}/predict/{{reading}}/{{shard}}.predictions.npz",
    log:
        f"{RESULTS}/logs/logits/{{dataset}}/{{reading}}/{{shard}}.log",
    wildcard_constraints:
        reading=ANSWERS,
    conda:
        "../../environment.yml"
    params:
        logits=settings("reading"),
    script:
        "../../scripts/logits.py"
