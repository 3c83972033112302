"""What a newcomer sees of a run: one calm line per job, what stands out, and the leaderboard last."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml
from test_faults import mounted

from small import CONTROLS

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"[a-z]+ +\S+( · \S+)* · (\d+ images · )?[\d.]+(/s|/min| s| min \d+ s) · \d+ of \d+\+?( · .* left)?")


def command(root: Path, config: dict, *arguments: str) -> list[str]:
    file = root / "experiment.yaml"
    file.write_text(yaml.safe_dump(config))
    where = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(root), "--configfile", str(file)]
    return [sys.executable, "-m", "snakemake", "--cores", "2", *where, *arguments]


def environment(**more: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("SNAKEMAKE", "VERBOSE"))} | more


def test_a_run_is_a_line_per_job_and_the_leaderboard(workflow, once, tmp_path):
    run = once(CONTROLS, tmp_path)
    assert run.returncode == 0, run.stderr
    lines = run.stderr.splitlines()
    jobs, last, used = lines[:24], lines[24], lines[25:]
    # Two data sets, two controls of three shards, two thresholds of each, four scores; others have no line.
    assert len(jobs) == 2 + 6 + 12 + 4
    assert [line for line in jobs if not LINE.fullmatch(line)] == []
    log = re.fullmatch(
        r"27 jobs in .* · results/report.html · Snakemake's words: (\S+) \(VERBOSE=1 prints them\)", last
    )
    assert "rule localize:" in (tmp_path / log[1]).read_text()
    assert run.stdout.startswith("shapes, reported on b\n") and not run.stdout.endswith("\n\n")
    assert "used: " not in run.stdout
    stages = ["jobs", "index", "plan", "control", "localize", "score", "table", "report"]
    assert [line.split()[0] for line in used[:-1]] == stages
    assert re.fullmatch(r".* on 2 cores: jobs used \d+ %, \d+ % went by waiting · all in results/costs.csv", used[-1])
    kept = pd.read_csv(tmp_path / "results/costs.csv", index_col="stage")
    # Shards of 30 of 30 and of 50 images; a score's own 50, and the 30 that its level is chosen on.
    assert kept["jobs"].to_dict() == dict(zip(stages[1:], (2, 1, 6, 12, 4, 1, 1), strict=True))
    assert kept["images"].dropna().to_dict() == {"index": 80, "control": 160, "localize": 320, "score": 320}
    assert kept["peak_mb"].between(50, 2000).all() and (kept["cpu_s"] > 0).all() and (kept["wall_s"] > 0).all()
    assert "Where the time went" in (tmp_path / "results/costs.html").read_text()
    everything = run.stdout + run.stderr
    assert not re.search(r"/wsol/|\.py\b|\.smk|Traceback|@[0-9a-f]{8}", everything)

    again = workflow(CONTROLS)
    assert again.stdout == "" and again.stderr == "Nothing to be done: every file is there and up to date.\n"

    dry = workflow(CONTROLS, "--dry-run", "--forceall")
    assert "rule index:" in dry.stdout and "This was a dry-run" in dry.stdout

    # What is made anew has its own cost again, what is not keeps it; logs of before that say nothing are said to.
    logs = sorted((tmp_path / "results/logs/localize").rglob("*.log"))
    logs[0].write_text("drawn\n")
    loud = subprocess.run(
        command(tmp_path, CONTROLS, "--forcerun", "report"),
        env=environment(VERBOSE="1"),
        capture_output=True,
        text=True,
    )
    assert loud.returncode == 0 and "rule report:" in loud.stderr and "Provided cores: 2" in loud.stderr
    assert "results/costs.csv, without 1 that have not said what they used\n" in loud.stderr
    later = pd.read_csv(tmp_path / "results/costs.csv", index_col="stage")
    assert later.loc["localize", "jobs"] == 11 and later.loc["report", "jobs"] == 1
    same = ["index", "plan", "control", "score", "table"]
    assert later.loc[same].equals(kept.loc[same]) and not later.loc["report"].equals(kept.loc["report"])

    # Of a single file's jobs is told, but they are not all that made what lies there.
    before = {name: (tmp_path / "results" / name).read_bytes() for name in ("costs.csv", "costs.html")}
    (index,) = (tmp_path / "results").glob("a@*/index/targets.parquet")
    one = workflow(CONTROLS, "--keep-going", str(index.relative_to(tmp_path)), "--forcerun", "index")
    assert one.returncode == 0, one.stderr
    assert [line.split()[0] for line in one.stderr.splitlines()[-3:-1]] == ["jobs", "index"]
    assert one.stderr.endswith(" · not counted in results/costs.csv\n")
    assert before == {name: (tmp_path / "results" / name).read_bytes() for name in before}


def broken(root: Path) -> dict:
    """Six images of which one is cut short, and maps of them."""
    (root / "images").mkdir()
    (root / "maps").mkdir()
    rows = ["image,class,x0,y0,x1,y1"]
    random = np.random.default_rng(0)
    for number in range(6):
        image = np.full((64, 64, 3), 200, np.uint8)
        cv2.rectangle(image, (10 + number, 10), (40, 40), (0, 0, 255), -1)
        cv2.imwrite(str(root / f"images/{number}.jpg"), image)
        np.save(root / f"maps/{number}.npy", random.random((7, 7), np.float32))
        rows.append(f"{number}.jpg,{number % 2},{10 + number},10,40,40")
    content = (root / "images/3.jpg").read_bytes()
    (root / "images/3.jpg").write_bytes(content[: len(content) // 3])
    (root / "maps/2.npy").write_bytes(b"no map")
    (root / "boxes.csv").write_text("\n".join(rows) + "\n")
    birds = {"adapter": "table", "images": "images", "annotations": "boxes.csv", "class_map": "labels"}
    return {
        "resamples": 100,
        "overlays": 1,
        "data": ".",
        "datasets": {"birds": birds},
        "backbones": {"theirs": {"imported": "maps"}},
        "cams": {"center": {}},
        "thresholds": {"sweep": {}},
        "evaluations": {"e": {"report": "birds", "metrics": ["maxboxacc@50"]}},
    }


@pytest.mark.skipif(not mounted("size=1m"), reason="no file system can be mounted here")
def test_a_broken_image_and_a_job_that_fails_stand_out(workflow, tmp_path):
    """The place of the maps is full, so that their job cannot write."""
    config = broken(tmp_path)
    planned = workflow(config, "--dry-run", "--forceall")
    assert planned.returncode == 0, planned.stderr
    from wsol.experiment.config import check

    os.chdir(tmp_path)
    run = next(run for run in check(config).runs if not run.backbone)
    maps = tmp_path / "results" / f"{run.report.id}/none/{run.cam.id}"
    maps.mkdir(parents=True)
    script = f'mount -t tmpfs -o size=4k none {maps} && dd if=/dev/zero of={maps}/.full bs=4k count=1; exec "$@"'
    inside = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"]
    words = [*inside, *command(tmp_path, config)]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=600)
    told = [line for line in done.stderr.splitlines() if "records" not in line and "copied" not in line]
    assert done.returncode == 1, done.stderr
    loud = [line for line in told if line.startswith("! ")]
    assert "! index birds: 1 problem (1 unreadable), see results/birds@" in loud[0]
    assert any(line.startswith("! imported theirs · birds: 1 of 6 targets have no map") for line in loud)
    assert any(line.startswith("! control   center · birds · failed · ") for line in loud)
    why = "results: cannot be written: No space left on device. What was complete before is whole."
    assert told[-4] == f"! control center · birds · images 000000-000005: {why}"
    assert re.fullmatch(r"  log: results/logs/control/birds@\w+/center@\w+/000000-000005\.log", told[-3])
    assert re.fullmatch(r"1 job failed\. \d+ of 10 jobs are done .* give the same command again\.", told[-2])
    assert told[-1].startswith("Snakemake's words: .snakemake/log/")
    assert not re.search(r"/wsol/|\.py\b|\.smk|Traceback", "\n".join(told))


def seen(words: list[str], until: bytes, then: signal.Signals | None = None) -> str:
    """What a terminal of 80 columns shows of a command that gets a signal when `until` has appeared."""
    ours, theirs = pty.openpty()
    shown = b""
    running = subprocess.Popen(
        words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM="xterm"),
        start_new_session=True,
        # Tests that a shell runs in the background are deaf to Ctrl-C, and so would be what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(theirs)
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        shown += more
        if then and until in shown:
            os.killpg(running.pid, then)
            then = None
    running.wait(timeout=60)
    os.close(ours)
    return shown.decode()


def test_a_terminal_has_a_live_line_and_ctrl_c_leaves_it_tidy(tmp_path):
    shown = seen(command(tmp_path, CONTROLS), b"control ", signal.SIGINT)
    assert re.search(r"\r\033\[K\[[=·]{10}\] \d+ of \d+\+?( · [^\r]*)?", shown)
    assert "Traceback" not in shown and "KeyboardInterrupt" not in shown and ".py" not in shown
    assert re.search(
        r"Stopped\. \d+ of \d+\+? jobs are done and stay done\. The same command goes on from there\.", shown
    )


def test_tensorflow_announces_itself_to_nobody():
    layers = [sys.executable, str(ROOT / "scripts/layers.py"), "MobileNet"]
    run = subprocess.run(layers, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0 and "conv1" in run.stdout and run.stderr == ""
