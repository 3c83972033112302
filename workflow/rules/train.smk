# train: image-level labels -> weights. The stage gets no boxes and no masks: the script reads images and labels only.


rule train:
    input:
        targets=lambda w: f"{RESULTS}/{SETTINGS[w.backbone]['train']['images']}/index/targets.parquet",
        seen=lambda w: noted(f"{SETTINGS[w.backbone]['train']['images']}/images", f"{w.backbone}/weights"),
        model=lambda w: experiments.sources({"model": SETTINGS[w.backbone]["model"]}),
        initial=lambda w: experiments.sources({"weights": SETTINGS[w.backbone]["train"]["initial"]}),
        program=program,
        code=lambda w: code(
            "train", *experiments.adapters([SETTINGS[SETTINGS[w.backbone]["train"]["images"]]], drawn=True)
        ),
    output:
        weights=f"{RESULTS}/weights/{{backbone}}/model.weights.h5",
        history=report(
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
        dataset=lambda w: SETTINGS[SETTINGS[w.backbone]["train"]["images"]],
    script:
        "../../scripts/train.py"
