"""Read an experiment's config strictly, before Snakemake does: `python scripts/check.py [config.yaml …]`.

Snakemake stops at a broken file without its name or a line, and keeps the last of two equal keys. With `--data FOLDER`
everything is checked that a run checks at its start, with the data in that folder.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.errors import ConfigError
from wsol.experiment import configfile

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("configs", nargs="*", default=["config.yaml"])
parser.add_argument("--data", help="the folder that relative paths of data count from")
given = parser.parse_args()

try:
    configs = [configfile.read(path) for path in given.configs]
    if given.data is not None:
        from wsol.experiment.config import check  # takes seconds, and a run does the same

        for config in configs:
            check(config | {"data": given.data})
except ConfigError as error:
    sys.exit(f"config: {str(error).removeprefix('config: ')}")
