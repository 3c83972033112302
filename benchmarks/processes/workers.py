"""What is compared runs in processes of its own, in turns: a slow moment of the machine hits all of them.

A process is asked over its standard input for so many rounds of something, and answers with what it measured.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np


class Worker:
    """A Python process that runs `script --serve SETTINGS` and answers questions (`serve`)."""

    def __init__(self, script: str, settings: dict[str, Any], python: str = sys.executable):
        command = [python, script, "--serve", json.dumps(settings)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def asked(self, question: Any) -> Any:
        """What it answers; a process that ended answers None."""
        try:
            print(json.dumps(question), file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline() or "null")
        except BrokenPipeError:
            return None

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def settings_of_worker() -> dict[str, Any] | None:
    """What a Worker gave the process that this is; None where it is the one that asks."""
    return json.loads(sys.argv[2]) if sys.argv[1:2] == ["--serve"] else None


def serve(answer: Callable[[Any], Any], out: TextIO = sys.stdout) -> None:
    """Answers questions until there are no more."""
    for text in sys.stdin:
        print(json.dumps(answer(json.loads(text))), file=out, flush=True)


def rate(run: Callable[[], int]) -> list[float]:
    """Images a second by the clock, and by the time of the cores that were busy, as if all of them had been."""
    import os

    clock, cores = time.perf_counter(), time.process_time()
    done = run()
    clock, cores = time.perf_counter() - clock, time.process_time() - cores
    return [done / clock, done / cores * (os.cpu_count() or 1)]


def in_turns(questions: dict[str, tuple[Worker, Any]], rounds: int) -> dict[str, np.ndarray]:
    """By name [rounds 2], what `rate` gives; the first round, which traces, is left out."""
    found: dict[str, list] = {name: [] for name in questions}
    for turn in range(rounds + 1):
        for name, (worker, question) in questions.items():
            answer = worker.asked(question)
            if turn:
                found[name].append(answer)
    return {name: np.array(rates, float) for name, rates in found.items()}


def told(found: dict[str, np.ndarray], ours: str) -> None:
    """Prints medians, all rounds, and the ratio of one to each of the others."""
    medians = {name: np.median(rates, axis=0) for name, rates in found.items()}
    for name, rates in found.items():
        ratio = medians[ours] / medians[name]
        rounds = ", ".join(f"{each:.3g}" for each in rates[:, 0])
        compared = "" if name == ours else f"   {ours} / {name}: {ratio[0]:.2f}, of busy cores {ratio[1]:.2f}"
        print(f"  {name:18} {medians[name][0]:9.3f} images/s ({rounds}){compared}", flush=True)


LIBRARY = Path(__file__).parents[2] / "workflow"
