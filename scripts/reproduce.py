"""Run an experiment and say of each of its claims whether it holds: `make reproduce CONFIG=…`.

`python scripts/reproduce.py COMMAND`, where COMMAND is Snakemake's with a --configfile and, if wanted, --config. It
ends with 1 where a claim differs. Where data or weights are not to be had no claim is run: reproduction.csv says so,
and the end is 0. What fails for another reason ends as it fails.
"""

import argparse
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import pandas as pd
import yaml

from wsol import places
from wsol.errors import UNREACHABLE, ConfigError, Missing
from wsol.experiment.claims import unchecked
from wsol.experiment.config import check
from wsol.experiment.configfile import read
from wsol.experiment.schema import shaped
from wsol.files.formats import atomic
from wsol.report import claims

FETCHED = re.compile(r"""make data NAME=("[^"]+"|[\w.-]+)""")  # as an experiment's own head says what gets its data


def asked(command: list[str]) -> tuple[list[str], dict]:
    """The files that a command of Snakemake's names, and the config that it runs, overridden as it says."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", default=["config.yaml"])
    parser.add_argument("--config", "-C", nargs="*", action="extend", default=[])
    given, _ = parser.parse_known_args(command)
    config: dict = {}
    for file in given.configfile:
        config |= read(file)
    pairs = (pair.partition("=") for pair in given.config)
    return given.configfile, config | {key: yaml.safe_load(value) for key, _, value in pairs}


def lacking(config: dict) -> str:
    """What the config names and is not here; "" for nothing, and where the config is wrong: a run says that itself."""
    try:
        check(config)
    except Missing as error:
        return str(error)
    except ConfigError:
        pass
    return ""


def unreachable(results: str, since: float) -> str:
    """The weights that a run since then could not download, in the words of the job; "" for none."""
    for log in sorted(Path(results, "logs").rglob("*.log")):
        lines = log.read_text(errors="replace").splitlines() if log.stat().st_mtime >= since else []
        if lines and UNREACHABLE in lines[-1]:
            return lines[-1]
    return ""


def ran(command: list[str]) -> int:
    """The status of a command, which deals with Ctrl-C itself and is given the time to."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # SIG_IGN the command would inherit
    try:
        return subprocess.run(command).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def unmet(config: dict, files: list[str], why: str) -> pd.DataFrame:
    """Every claim as not run, with the command that fetches what is lacking where the experiment names one."""
    fetched = FETCHED.search("".join(Path(file).read_text() for file in files))
    at = f" DATA='{config['data']}'" if config["data"] != "data" else ""
    return claims.unmet(unchecked(config["claims"]), f"{why.rstrip('.')}; {fetched[0]}{at}" if fetched else why)


def main(command: list[str]) -> int:
    """Run the command, unless what it needs is not here; then the verdicts, from the run or from here."""
    files, given = asked(command)
    config = shaped(given)
    if not config["claims"]:
        raise ConfigError(f"reproduce: {', '.join(files)} claims nothing.")
    target = Path(places.results(config["results"], {}), "reproduction.csv")
    since = time.time()
    if target.exists() and claims.read(target)["verdict"].str.startswith(claims.NOT_RUN).all():
        target.unlink()  # written here, by no run: whatever its time says, it is of nothing that there is
    why = lacking(given)
    if not why and (status := ran(command)):
        why = unreachable(str(target.parent), since)
        if not why:
            return status
    if not why and not claims.states(target, check(given).settings["claims"]):
        raise ConfigError("reproduce: the command made no verdict of these claims (a dry run, or a part of the run?).")
    if why:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic(target) as path:
            unmet(config, files, why).to_csv(path, index=False)
    found = claims.read(target)
    if target.stat().st_mtime < since or why:  # else the run has printed it
        print(claims.text(found))
    return int(found["verdict"].map(claims.differs).any())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ConfigError as error:
        sys.exit(str(error))
