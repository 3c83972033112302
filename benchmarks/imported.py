"""What do maps from elsewhere cost? `python benchmarks/imported.py [--images 50000] [--shards 1 25]`

Of one `.npz` and of a folder of `.npy`, 7x7 maps of as many images. CPU time, all of one run:

- read: microseconds a map, by `imported.load` of all, and by NumPy itself, one by one (`archive[name]`, `np.load`);
- stage: seconds of the script `imported` over all shards, each in a process of its own, the start of Python and what
  it imports included; and the largest peak of memory;
- file: microseconds a map of the stage file, by write with pack, and by read with unpack;
- note: seconds to take note of the files, as each start of the workflow does;
- logits: seconds to look at an `.npz` of as many rows of 1,000 outputs once, and to read all of it, shard by shard.
"""

import argparse
import resource
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 25])
    parser.add_argument("--one", nargs=3, metavar=("FOLDER", "MAPS", "SHARD"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        return stage(Path(given.one[0]), *given.one[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = written(folder, given.images)
        for maps in ("maps.npz", "maps"):
            read(folder / maps, names)
            for count in given.shards:
                staged(folder, maps, given.images, count)
        answered(folder, names, max(given.shards))


def written(folder: Path, images: int) -> list[str]:
    """The maps, in both forms, and the targets of a data set of these images."""
    import numpy as np
    import pandas as pd

    from wsol.files.index import TARGETS

    names = [f"val/ILSVRC2012_val_{place:08d}.JPEG" for place in range(images)]
    values = np.random.default_rng(0).random((images, 7, 7), np.float32)
    np.savez(folder / "maps.npz", **dict(zip(names, values, strict=True)))
    (folder / "maps/val").mkdir(parents=True)
    for image, each in zip(names, values, strict=True):
        np.save(folder / f"maps/{image}.npy", each)
    table = pd.DataFrame({"image": names, "label": 0, "class_name": "x", "width": 500, "height": 375, "mask": ""})
    table["boxes"] = [[0.0, 0.0, 9.0, 9.0]] * images
    table["outputs"] = [[0]] * images
    TARGETS.write(folder / "targets.parquet", table.assign(ignore="", group=names, status="ok"))
    return names


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and what it gives."""
    before = time.process_time()
    found = work()
    return time.process_time() - before, found


def read(maps: Path, names: list[str]) -> None:
    """The lines `read`, `file` and `note` of one form."""
    import numpy as np
    import pandas as pd

    from wsol.files.heatmap import HEATMAPS
    from wsol.files.npz import pack, unpack
    from wsol.maps import imported
    from wsol.provenance import fingerprints

    targets = pd.DataFrame({"image": names, "label": 0})
    a_map = 1e6 / len(names)
    ours, found = spent(lambda: imported.load(maps, targets))
    archive = np.load(maps) if maps.is_file() else {}
    theirs, _ = spent(lambda: [archive[name] if archive else np.load(maps / f"{name}.npy") for name in names])
    print(f"{maps.name}: read {ours * a_map:.1f} us a map, NumPy {theirs * a_map:.1f}, ratio {theirs / ours:.2f}")
    path = maps.parent / "all.heatmaps.npz"
    others = {"status": found.status, "input_to_image": np.zeros((len(names), 4)), "input_size": np.array([224, 224])}
    wrote, _ = spent(lambda: HEATMAPS.write(path, **pack(found.maps), **others, cell_to_input=np.zeros(4), settings={}))
    again, _ = spent(lambda: unpack(HEATMAPS.read(path)))
    noted, _ = spent(lambda: fingerprints.listing([str(maps)], content=False, skip=maps.parent / "results"))
    print(f"  file: write {wrote * a_map:.1f} us a map, read {again * a_map:.1f}; note {noted:.2f} s")


def staged(folder: Path, maps: str, images: int, count: int) -> None:
    """The line `stage` of one form and number of shards."""
    from wsol.index.splits import shards

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, __file__, "--one", str(folder), maps]
    jobs = (
        subprocess.run([*command, shard], check=True, capture_output=True, text=True)
        for shard in shards(images, -(-images // count))
    )
    peak = max(int(job.stdout) for job in jobs)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  stage in {count} shards: {seconds:.1f} s, peak {peak / 1024:.0f} MiB")


def answered(folder: Path, names: list[str], count: int, outputs: int = 1000) -> None:
    """The line `logits`."""
    import numpy as np

    from wsol.files import logits

    path, step = folder / "logits.npz", -(-len(names) // count)
    np.savez(path, image=names, logits=np.random.default_rng(0).random((len(names), outputs), np.float32))
    looked, _ = spent(lambda: logits.look(path))
    parts = [names[start : start + step] for start in range(0, len(names), step)]
    each, _ = spent(lambda: [logits.read(path, part) for part in parts])
    print(f"logits: look {looked:.2f} s, read in {count} shards {each:.2f} s")


def stage(folder: Path, maps: str, shard: str) -> None:
    """The script of one shard, as a job runs it; prints its peak in KiB, the parent's not in it as in ru_maxrss."""
    snakemake = SimpleNamespace(
        input=SimpleNamespace(targets=str(folder / "targets.parquet")),
        output=SimpleNamespace(heatmaps=str(folder / f"{shard}.heatmaps.npz")),
        params=SimpleNamespace(backbone={"imported": maps, "input": [224, 224]}, maps=str(folder / maps)),
        wildcards=SimpleNamespace(shard=shard),
        log=[str(folder / "stage.log")],
    )
    runpy.run_path(str(ROOT / "scripts/imported.py"), init_globals={"snakemake": snakemake})
    status = Path("/proc/self/status").read_text().split()
    print(status[status.index("VmHWM:") + 1])


if __name__ == "__main__":
    main()
