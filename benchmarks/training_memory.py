"""Does a training need more memory for more images? Peak of one process each that reads an epoch of generated images.

    python benchmarks/training_memory.py [--counts 10000 100000] [--side 32] [--classes 1000]

Images are drawn from their names, of twice the side, resized, cut, mirrored and put into batches of 32 through tf.data,
as a training is shown them; no network is fitted. Each process first reads two batches, and prints what it has held by
then too: what TensorFlow takes for itself. Prints the ratio of the peaks.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

from wsol.training import labels, reading
from wsol.training.reading import Source

RECIPE = {"crop_from": None, "flip": True, "augment": None, "balance": "none", "seed": 0}
HOW = {"resize": "stretch", "interpolation": "linear"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs=2, default=[10_000, 100_000])
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return print(*read(options.one, options.side, options.classes))
    peaks = []
    for count in options.counts:
        # In processes of their own: the peak that a process is told begins with that of the one that started it.
        arguments = ["--one", count, "--side", options.side, "--classes", options.classes]
        command = [sys.executable, __file__, *map(str, arguments)]
        found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        begun, peak, cpu, images = map(float, found.split())
        peaks.append(peak)
        print(f"{images:.0f} images: peak {peak:.0f} MiB, {begun:.0f} of it after two batches; {cpu:.0f} s of CPU")
    more = (peaks[1] - peaks[0]) * 2**20 / (options.counts[1] - options.counts[0])
    print(f"ratio {peaks[1] / peaks[0]:.3f}, {more:.0f} bytes an image")


def read(count: int, side: int, classes: int) -> tuple[float, float, float, int]:
    """MiB after two batches and at the peak, seconds of CPU, and how many images were read."""
    import tensorflow as tf

    numbers = np.arange(count)
    frame = pd.DataFrame(
        {"image": [f"part{n % 97:02d}/image_{n:07d}.jpg" for n in numbers], "label": numbers % classes}
    )
    frame = frame.assign(class_name=frame["label"].map("class {}".format), status="ok")
    found = labels.rows(frame, "generated")
    told = labels.labelled([found], labels.names([found]))
    del frame, found
    source = Source.of(reading.joined({"generated": lambda name: drawn(name, 2 * side)}), (side, side), HOW, RECIPE, 2)
    order = reading.drawn(told, RECIPE, 0)
    shown = source.shown([told.images[place] for place in order], np.random.default_rng(0))
    begun, images = 0.0, 0
    for number, (pixels, wanted) in enumerate(reading.batches(shown, told.wanted[order], 32)):
        images += int(tf.shape(tf.constant(pixels))[0]) * int(wanted.any())
        begun = peak() if number == 1 else begun
    return begun, peak(), time.process_time(), images


def drawn(name: str, side: int) -> np.ndarray:
    """uint8 [side side 3] of an image's name."""
    return np.random.default_rng(int(name[-11:-4])).integers(0, 256, (side, side, 3), np.uint8)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
