"""One run at a time on a results folder, from whatever checkout or machine it comes.

The locks are the operating system's and end with their process: a killed run leaves nothing to unlock. Jobs hold one
too, since those of a killed run may live on and write.
"""

import errno
import fcntl
import os
import platform
import sys
from pathlib import Path

from wsol.errors import ConfigError

HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


def hold(results: str | Path) -> None:
    """Keep other runs out of `results` until this process ends; a ConfigError where one is there already."""
    logs = Path(results) / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        run = os.open(logs / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        jobs = os.open(logs / "jobs.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigError(f"results: cannot write below '{results}' ({error.strerror}).") from error
    if not _locked(run, fcntl.LOCK_EX, tell=True):
        who = os.read(run, 200).decode("utf-8", "replace").strip() or "unknown"
        raise ConfigError(f"results: another run works on '{results}' ({who}); wait for it.")
    if not _locked(jobs, fcntl.LOCK_EX):
        os.close(run)
        raise ConfigError(f"results: jobs of a run that was killed still work on '{results}'; wait for them.")
    os.close(jobs)
    os.truncate(run, 0)
    os.write(run, f"process {os.getpid()} on {platform.node()}".encode())


def free(results: str | Path) -> bool:
    """Whether no run works on `results`; nothing is held afterwards."""
    path = Path(results) / "logs" / "lock"
    if not path.exists():
        return True
    with open(path) as file:
        return _locked(file.fileno(), fcntl.LOCK_EX)


def join(logs: str | Path) -> None:
    """What a job does at its start: until it ends, no new run begins. `logs` is the folder of the results' logs."""
    jobs = os.open(Path(logs) / "jobs.lock", os.O_RDWR | os.O_CREAT, 0o644)
    _locked(jobs, fcntl.LOCK_SH)


def _locked(file: int, how: int, tell: bool = False) -> bool:
    """Whether the lock was to be had; on file systems without locks everybody has it, and may be told."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return False
        if tell:
            print(f"results: no locks here ({error.strerror}); see to it that one run is at work.", file=sys.stderr)
    return True
