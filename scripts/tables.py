"""Make the README's tables of an experiment from its results, and the claims that the experiment makes of them.

`python scripts/tables.py EXPERIMENT.yaml [results]`: each block of README.md that names the experiment is made anew,
and so are the values of those claims in the experiment whose source is README.md.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.errors import ConfigError
from wsol.experiment.configfile import read as read_config
from wsol.report import readme
from wsol.report.tables import read
from wsol.terminal import joblog

PAGE = Path(__file__).parents[1] / "README.md"


def main(config: str, results: str = "results", page: str | Path = PAGE) -> None:
    """Rewrites both files; a ConfigError where they and the results are not of one experiment."""
    before = Path(page).read_text(encoding="utf-8")
    blocks = [block for block in readme.blocks(before) if block.experiment == Path(config).name]
    if not blocks:
        raise ConfigError(f"tables: {page} has no table of {Path(config).name}.")
    scores = read(Path(results, "scores.csv"))
    said = joblog.said(f"{results}/logs/table.log").strip()
    bodies = {block.said: readme.table(block, scores) if block.metrics else f"```\n{said}\n```\n" for block in blocks}
    found: readme.Numbers = {}
    for block in blocks:
        for place, values in readme.numbers(block._replace(body=bodies[block.said]), scores).items():
            found.setdefault(place, {}).update(values)
    claimed = {place: name for name, place in readme.claimed(read_config(config))}
    text = Path(config).read_text(encoding="utf-8")
    for place, values in found.items():
        if place not in claimed:
            raise ConfigError(f"claims: none with source: {readme.SOURCE} of evaluation {place[0]}, metric {place[1]}.")
        text = readme.with_values(text, claimed[place], values)
        print(f"{claimed[place]}: {len(values)} values of {place[1]} in {config}")
    Path(config).write_text(text, encoding="utf-8")
    Path(page).write_text(readme.filled(before, bodies), encoding="utf-8")
    print(f"{len(blocks)} tables in {page}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ConfigError, OSError) as error:
        sys.exit(f"{error}")
