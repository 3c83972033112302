# config: the way to the library, and the experiment's file, read strictly and checked.
import sys
from pathlib import Path

# This file's own place, for the workflow may be entered by Snakefile or by workflow/Snakefile.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from wsol.experiment.config import check
from wsol.experiment.configfile import check_files
from wsol.errors import ConfigError
from wsol import processor


def refuse(error):
    """One line, and nothing is computed."""
    print("config:", str(error).removeprefix("config: "), file=sys.stderr)
    sys.exit(1)


# What Snakemake's own reading of a file passes over in silence is said first.
try:
    check_files(workflow.overwrite_configfiles or ["config.yaml"])
except ConfigError as error:
    refuse(error)

# An experiment stands for itself: the default one is read only where no other was given, never merged with it.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


try:
    EXPERIMENT = check(config)
except ConfigError as error:
    refuse(error)

# Jobs are processes of their own and have the environment of this one, on a cluster of one that reads this file too.
processor.settle(EXPERIMENT.settings["instructions"])
