"""Read an experiment's config strictly, before Snakemake does: `python scripts/check.py [config.yaml …]`.

Snakemake stops at a broken file without its name or a line, and keeps the last of two equal keys.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.errors import ConfigError
from wsol.experiment.configfile import check_files

try:
    check_files(sys.argv[1:] or ["config.yaml"])
except ConfigError as error:
    sys.exit(str(error))
