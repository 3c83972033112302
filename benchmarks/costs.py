"""What costs cost, and whether they are right: `python benchmarks/costs.py [--seconds 0.25 2 20] [--jobs 5000]`.

Has Snakemake run jobs that use so many seconds of CPU, and hold 300 MB for a twentieth of that: what each said at the
end of its log, what Snakemake's `benchmark:` wrote of it, and what is true. Then times of one process: what a job says
at its end, adding up the logs of so many jobs, and telling the time left of them.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LIBRARY = Path(__file__).parents[1] / "workflow"
sys.path.insert(0, str(LIBRARY))

from wsol.job import used
from wsol.terminal import costs, joblog
from wsol.terminal.estimate import Sized, TimeLeft

MEGABYTES = 300
SNAKEFILE = f"""
import sys
sys.path.insert(0, {str(LIBRARY)!r})
rule all:
    input: [f"{{each}}.txt" for each in config["seconds"].split("s")]
rule burn:
    output: "{{seconds}}.txt"
    log: "{{seconds}}.log"
    benchmark: "{{seconds}}.tsv"
    script: "burn.py"
"""
BURN = f"""
import time
from wsol.job import job
with job(snakemake.log, "burn"):
    wanted = float(snakemake.wildcards.seconds)
    begun, held = time.process_time(), b""
    while (share := (time.process_time() - begun) / wanted) < 1:
        if 0.75 < share < 0.8 and not held:
            held = b"x" * ({MEGABYTES} << 20)
        if share >= 0.8:
            held = b""
        sum(range(1000))
    open(snakemake.output[0], "w").close()
"""


def compared(seconds: list[str]) -> None:
    """Run the jobs, and print each as it is, as it said, and as Snakemake saw it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "Snakefile").write_text(SNAKEFILE)
        (root / "burn.py").write_text(BURN)
        words = ["--cores", "1", "--quiet", "all", "--directory", folder, "--snakefile", str(root / "Snakefile")]
        command = [sys.executable, "-m", "snakemake", *words, "--config", f"seconds={'s'.join(seconds)}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print("     job  CPU s: at least    said  watched  MB: at least  said watched")
        for each in seconds:
            said = joblog.cost(str(root / f"{each}.log"))
            names, values = (line.split("\t") for line in (root / f"{each}.tsv").read_text().splitlines())
            seen = dict(zip(names, values, strict=True))
            assert said, f"{each}: no cost in its log"
            print(
                f"{each:>6} s  {float(each):>15.2f} {said.cpu:>7.2f} {seen['cpu_time']:>8}  "
                f"{MEGABYTES:>12} {said.peak:>5.0f} {seen['max_rss']:>7}"
            )


def timed(words: str, work: Callable[[], object], times: int) -> None:
    begun = time.process_time()
    for _ in range(times):
        work()
    print(f"{words}: {1000 * (time.process_time() - begun) / times:.2f} ms")


def many(jobs: int) -> None:
    """The times of one process, of jobs of 96 kinds."""
    timed("a job's last line", used, 200)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(jobs):
            Path(folder, str(number)).write_text("drawn\n" * 20 + f"used: {used()}\n")
        ended = [costs.Ended("localize", 2000, f"{folder}/{number}") for number in range(jobs)]
        timed(f"costs.csv of {jobs} jobs", lambda: costs.of_stages(ended, ["localize"]), 1)
    found = TimeLeft(width=2)
    sized = [Sized(("localize", str(number % 96)), 2000, 1) for number in range(jobs)]
    timed(f"taking {jobs} jobs", lambda: found.know(sized), 5)
    for number, job in enumerate(sized[: jobs // 2]):
        found.end(job, number, number + 1)
    timed("the time left of them", lambda: found.left([(sized[-1], 0.5)]), 50)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", nargs="+", default=["0.25", "2", "20"])
    parser.add_argument("--jobs", type=int, default=5000)
    given = parser.parse_args()
    compared(given.seconds)
    many(given.jobs)
