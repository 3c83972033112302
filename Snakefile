# Weakly supervised localisation, evaluated: index -> plan -> (train) -> predict -> heatmap ->
# localize -> score -> table -> report.
# Run it with `make run`, or `snakemake --cores 2 [--configfile workflow/experiments/ilsvrc.yaml]`.
from snakemake.utils import min_version

min_version("9.8")


include: "workflow/rules/config.smk"
include: "workflow/rules/terminal.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/start.smk"
include: "workflow/rules/index.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/heatmap.smk"
include: "workflow/rules/localize.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/finish.smk"


rule all:
    default_target: True
    input:
        PLANNED,
        f"{RESULTS}/scores.csv",
        f"{RESULTS}/comparisons.csv",
        f"{RESULTS}/strata.csv",
        f"{RESULTS}/report.html",
        EXPORTED,
        missed,


onsuccess:
    succeeded()


onerror:
    failed()
