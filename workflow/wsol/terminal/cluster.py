"""Why a cluster ended a job that did not end by itself, and what to do."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STATUS = re.compile(r"SLURM status is: '(\w+)'")
# What a cluster writes into its own log of a job. SLURM calls a job FAILED whose step has run out of memory, and of a
# group of jobs Snakemake passes on no status at all: there this is all that tells.
WRITTEN = {
    "OUT_OF_MEMORY": re.compile(r"^(?:srun|slurmstepd).*(?:Out Of Memory|oom[-_ ]kill)", re.MULTILINE),
    "TIMEOUT": re.compile(r"^(?:srun|slurmstepd).* DUE TO TIME LIMIT", re.MULTILINE),
    "CANCELLED": re.compile(r"^slurmstepd.* CANCELLED AT ", re.MULTILINE),
}
TAIL = 16_384  # bytes
# What a job is asked for that a cluster ends it by, with its unit in words.
LIMITS = {"TIMEOUT": ("runtime", "min"), "OUT_OF_MEMORY": ("mem_mb", "MB")}
WORDS = {
    "TIMEOUT": "it took longer than",
    "OUT_OF_MEMORY": "it needed more memory than",
    "CANCELLED": "somebody cancelled it, or the cluster did.",
    "NODE_FAIL": "its node failed; what it did is made again.",
    "BOOT_FAIL": "its node did not start.",
    "DEADLINE": "it could not end before its deadline.",
}


def ended(message: str | None, log: str) -> str | None:
    """A cluster's word for how it ended a job; None for one that ended by itself.

    `message` is what Snakemake says of the failure, `log` the cluster's own log of the job.

    >>> ended("SLURM-job '7' failed, SLURM status is: 'TIMEOUT'. ", "")
    'TIMEOUT'
    >>> ended("SLURM-job '7' failed, SLURM status is: 'FAILED'. ", "")
    """
    found = STATUS.search(message or "")
    if found and found[1] in WORDS:
        return found[1]
    written = _tail(log)
    return next((word for word, pattern in WRITTEN.items() if pattern.search(written)), None)


def reason(word: str, stage: str, shard: str, asked: Mapping[str, Any]) -> str:
    """One line: what a cluster calls the end of a job, and what to do; `asked` are the resources that the job had.

    >>> reason("TIMEOUT", "score", "", {"runtime": 240})
    'TIMEOUT: it took longer than its 240 min. Ask for more (set-resources: score: {runtime: 480}).'
    >>> reason("CANCELLED", "score", "", {})
    'CANCELLED: somebody cancelled it, or the cluster did.'
    """
    if word not in LIMITS:
        return f"{word}: {WORDS[word]}"
    name, unit = LIMITS[word]
    had = asked.get(name)
    limit, more = (f"its {had} {unit}", str(2 * had)) if isinstance(had, int) else ("it had", "…")
    less = ", or set a smaller shard_size" if shard else ""
    return f"{word}: {WORDS[word]} {limit}. Ask for more (set-resources: {stage}: {{{name}: {more}}}){less}."


def unfinished(jobs: Sequence[Mapping[str, Any]], since: float) -> Sequence[Mapping[str, Any]]:
    """Of a group of jobs that began at `since` and has failed, those at work then; all where that cannot be told.

    Each has its `output` and its `log`, of which the first is written when a job begins.
    """
    unwritten = [job for job in jobs if not all(Path(path).exists() for path in job["output"])] or jobs
    return [job for job in unwritten if any(_modified(log) >= since - 1 for log in job["log"][:1])] or unwritten


def _modified(path: str) -> float:
    """When a file was last written; 0 where there is none."""
    return Path(path).stat().st_mtime if Path(path).exists() else 0.0


def _tail(log: str) -> str:
    """The last of a cluster's own log; "" where there is none."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, Path(log).stat().st_size - TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
