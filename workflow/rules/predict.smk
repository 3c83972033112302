# predict: images -> logits, and the explained layer's activations and gradients. The only stage that runs the network.
KEPT = (lambda path: path) if EXPERIMENT.settings["activations"] == "keep" else temp


def weights(wildcards):
    """The files a backbone's weights come from: a training of this run, the user's, or none of either."""
    given = SETTINGS[wildcards.backbone]["weights"]
    if isinstance(given, dict):
        return [f"{RESULTS}/weights/{given['train']}/model.weights.h5"]
    return experiments.sources({"weights": given} if given else SETTINGS[wildcards.backbone])


def model(wildcards):
    """The user's model file, where its weights come from elsewhere."""
    settings = SETTINGS[wildcards.backbone]
    return experiments.sources({"model": settings["model"]}) if settings["weights"] else []


rule predict:
    input:
        targets=f"{RESULTS}/{{dataset}}/index/targets.parquet",
        seen=lambda w: noted(f"{w.dataset}/images", f"{w.backbone}/weights"),
        weights=weights,
        model=model,
        code=lambda w: code("predict", *experiments.adapters([SETTINGS[w.dataset]], drawn=True)),
    output:
        predictions=f"{RESULTS}/{{dataset}}/{{backbone}}/{{shard}}.predictions.npz",
        evidence=KEPT(f"{RESULTS}/{{dataset}}/{{backbone}}/{{shard}}.evidence.npz"),
    log:
        f"{RESULTS}/logs/predict/{{dataset}}/{{backbone}}/{{shard}}.log",
    threads: THREADS
    params:
        backbone=settings("backbone"),
        dataset=settings("dataset"),
    script:
        "../../scripts/predict.py"
