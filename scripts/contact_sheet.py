"""Is the truth where the objects are? A picture of a data set's images with its boxes and masks drawn on them.

python scripts/contact_sheet.py workflow/experiments/coco.yaml coco --data /where/data/lie
python scripts/contact_sheet.py config.yaml shapes_report --count 60 --to shapes.png
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

import cv2
import numpy as np
import yaml

from wsol import places
from wsol.datasets.annotations import each
from wsol.errors import ConfigError, DataError, InputError, unknown
from wsol.experiment import located
from wsol.index import indexing
from wsol.pictures.sheets import SIDE, outlined, sheet


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("dataset", help="its name in the config")
    parser.add_argument("--data", help="the folder that its paths count from (default: the config's `data`, or data)")
    parser.add_argument("--count", type=int, default=24, help="images, spread evenly over the data set (default: 24)")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--to", type=Path, help="(default: DATASET.png)")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    config = yaml.safe_load(given.config.read_text())
    if given.dataset not in config["datasets"]:
        raise ConfigError(unknown(f"{given.config}: datasets", given.dataset, config["datasets"]))
    where, root = f"datasets.{given.dataset}", places.expanded("data", given.data or config.get("data", "data"))
    entry = config["datasets"][given.dataset]
    settings = located.entry(where, located.dataset(given.dataset, entry), entry, root)
    found = indexing.index(settings, where)
    print(found.summary, end="")
    read, targets = indexing.opener(settings, where), found.targets
    chosen = np.unique(np.linspace(0, len(targets) - 1, min(given.count, len(targets))).round().astype(int))
    pictures = []
    for row in each(targets.iloc[chosen]):
        try:
            image = read(row.image)
        except DataError as error:
            print(error)
            image = np.zeros((SIDE, SIDE, 3), np.uint8)
        pictures.append(outlined(image, row))
    to = given.to or Path(f"{given.dataset}.png")
    if not cv2.imwrite(str(to), sheet(pictures, given.columns)[..., ::-1]):
        raise ConfigError(f"--to: cannot write '{to}'.")
    print(to)


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError, yaml.YAMLError) as error:
        sys.exit(" ".join(str(error).split()))
