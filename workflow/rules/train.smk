# train: images and their labels -> weights. In the files that the stage is given there is no box and no mask.


rule train:
    input:
        labels=lambda w: [f"{RESULTS}/{dataset}/index/labels.parquet" for dataset in labels_of(w)],
        seen=lambda w: noted(*[f"{dataset}/images" for dataset in labels_of(w)], f"{w.backbone}/weights"),
        model=lambda w: experiments.sources({"model": SETTINGS[w.backbone]["model"]}),
        initial=lambda w: experiments.sources({"weights": SETTINGS[w.backbone]["train"]["initial"]}),
        program=program,
        code=lambda w: code("train", *experiments.adapters([SETTINGS[dataset] for dataset in labels_of(w)], drawn=True)),
    output:
        weights=f"{RESULTS}/weights/{{backbone}}/model.weights.h5",
        history=f"{RESULTS}/weights/{{backbone}}/history.parquet",
        printed=report(
            f"{RESULTS}/weights/{{backbone}}/history.csv",
            caption="../report/training.rst",
            category="Training",
            labels={"backbone": "{backbone}"},
        ),
    log:
        f"{RESULTS}/logs/train/{{backbone}}.log",
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=EXPERIMENT.settings["gpus"],
    params:
        settings=settings("backbone"),
        datasets=lambda w: {dataset.split("@")[0]: SETTINGS[dataset] for dataset in labels_of(w)},
    script:
        "../../scripts/train.py"
