"""One run at a time on a results folder, from whatever checkout or machine it comes."""

import fcntl
import os
import platform
from pathlib import Path

from wsol.errors import ConfigError

# The lock is the operating system's: it ends with the process, so that a killed run leaves nothing to unlock.
_held: dict[str, int] = {}


def hold(results: str | Path) -> None:
    """Keep other runs out of `results` until this process ends; a ConfigError where one is there already."""
    path = Path(results) / "logs" / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigError(f"results: cannot write below '{results}' ({error.strerror}).") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        who = os.read(file, 200).decode("utf-8", "replace").strip()
        os.close(file)
        raise ConfigError(
            f"results: another run works on '{results}' ({who or error.strerror}); wait for it."
        ) from error
    os.truncate(file, 0)
    os.write(file, f"process {os.getpid()} on {platform.node()}".encode())
    _held[str(path)] = file
