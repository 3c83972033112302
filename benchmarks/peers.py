"""How fast are the other tools at their own methods, beside ours? Images a second, all in one run.

    python benchmarks/peers.py [--rounds 3] [--tool xplique …]      # with `pip install .[bench]` for the tools

One MobileNetV2 with one file of random weights (pytorch-grad-cam: the same layers in torch), the same images in memory,
maps on the layer's grid or the input's as each tool makes them. Each tool runs in a process of its own, at each of
several batch sizes; its best one is compared. Ours runs at its only setting. A tool that is not there, or does not run
beside this Keras, is named with the reason. Occlusion is asked for as many places as the other tool covers: xplique's
overlap and stay within the image, tf-explain's do not overlap. Where there is no torchvision, empty names stand in for
what pytorch-grad-cam imports of it and does not use here. Start-up is in no number.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from processes.workers import Worker

# Of each method: how many images at once in a round, and the batch sizes (images, or masks of one image).
GRADIENT = (32, [1, 8, 32])
MASKED = (1, [8, 32, 128])
METHODS = {
    "gradcam": GRADIENT,
    "gradcam++": GRADIENT,
    "layercam": GRADIENT,
    "eigencam": GRADIENT,
    "ablationcam": (1, [32, 128]),
    "scorecam, 64 channels": MASKED,
    "scorecam": (1, [32, 128]),
    "occlusion, 144 places": MASKED,
    "occlusion, 196 places": MASKED,
    "rise, 256 masks": MASKED,
}
PEERS = {
    "xplique": ["gradcam", "gradcam++", "occlusion, 144 places", "rise, 256 masks"],
    "tf_keras_vis": ["gradcam", "gradcam++", "layercam", "scorecam, 64 channels"],
    "tf_explain": ["gradcam", "occlusion, 196 places"],
    "pytorch_grad_cam": ["gradcam", "gradcam++", "layercam", "eigencam", "ablationcam", "scorecam"],
}
PEER = str(Path(__file__).with_name("processes") / "peer.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tool", nargs="*", choices=PEERS, default=list(PEERS))
    options = parser.parse_args()
    rounds = options.rounds
    print(f"MobileNetV2, {os.cpu_count()} cores, images/s, medians of {rounds} rounds in turns")
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder) / "random.weights.h5")
        ours = Worker(PEER, {"tool": "ours", "weights": weights})
        ours.asked("save")
        for name in options.tool:
            peer = Worker(PEER, {"tool": name, "weights": weights})
            if why := peer.asked("there"):
                print(f"  {name}: skipped, {why}")
            for method in [] if why else PEERS[name]:
                print(f"  {name:17} {method:22} {compared(ours, peer, method, rounds)}", flush=True)
            peer.end()
        ours.end()


def compared(ours: Worker, peer: Worker, method: str, rounds: int) -> str:
    """Both in turns, the peer at each of its batch sizes."""
    count, sizes = METHODS[method]
    own, theirs = [], {size: [] for size in sizes}
    for turn in range(rounds + 1):  # the first one traces
        for size in sizes:
            answer = peer.asked([method, count, size])
            if not isinstance(answer, list):
                return f"does not run: {answer}"
            theirs[size] += [answer] if turn else []
        answer = ours.asked([method, count, 0])
        own += [answer] if turn else []
    medians = {size: np.median(rates, axis=0) for size, rates in theirs.items()}
    best = max(medians, key=lambda size: medians[size][0])
    mine = np.median(own, axis=0)
    ratio = mine / medians[best]
    return (
        f"{medians[best][0]:8.3f} (batch {best}, of {sizes})   ours {mine[0]:8.3f}   "
        f"ours / theirs {ratio[0]:.1f}, of busy cores {ratio[1]:.1f}"
    )


if __name__ == "__main__":
    main()
