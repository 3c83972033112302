"""Write every figure of a report as SVG and PDF, every table as Markdown, CSV and LaTeX, from a results folder.

`python scripts/figures.py EXPERIMENT.yaml [results]`: into `figures` below the results. The experiment is asked for its
plugins, whose metrics the tables may hold.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import pandas as pd

from wsol.errors import ConfigError
from wsol.experiment import plugins
from wsol.experiment.configfile import read as read_config
from wsol.page.seen import Tables
from wsol.page.written import write
from wsol.report.tables import read


def main(config: str = "config.yaml", results: str = "results") -> None:
    """Writes the files and prints how many; a ConfigError where the folder holds no scores."""
    if not Path(results, "scores.csv").is_file():
        raise ConfigError(f"figures: no scores.csv in '{results}'; `make run` makes it.")
    plugins.load(read_config(config).get("plugins", []))
    tables = [Path(results, f"{name}.csv") for name in Tables._fields]
    found = Tables(*(read(path) if path.is_file() else pd.DataFrame() for path in tables))
    names = write(found, Path(results, "figures"))
    print(f"figures: {len(names)} files in {Path(results, 'figures')}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ConfigError, OSError) as error:
        sys.exit(f"{error}")
