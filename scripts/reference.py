"""Write config/README.md, every key of an experiment: `python scripts/reference.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.errors import ConfigError
from wsol.experiment.reference import page

target = Path(__file__).parents[1] / "config/README.md"
target.parent.mkdir(exist_ok=True)
try:
    target.write_text(page(), encoding="utf-8")
except ConfigError as error:
    sys.exit(str(error))
