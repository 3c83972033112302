# Weakly supervised localisation, evaluated: index -> plan -> (train) -> predict -> heatmap ->
# localize -> score -> table -> report.
# Run it with `make run`, or `snakemake --cores 2 [--configfile workflow/experiments/ilsvrc.yaml]`.
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.8")


# An experiment stands for itself: the default one is read only where no other was given, never merged with it. What
# Snakemake's own reading of a file passes over in silence is said first.
sys.path.insert(0, str(Path(workflow.basedir, "workflow")))

from wsol.configfile import check_files
from wsol.errors import ConfigError

try:
    check_files(workflow.overwrite_configfiles or ["config.yaml"])
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(1)

if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


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
        f"{RESULTS}/report.html",
        EXPORTED,
        missed,


onsuccess:
    succeeded()


onerror:
    failed(log)
