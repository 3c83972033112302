"""Fetch data sets and weights into the layout that the experiments read.

python scripts/fetch.py --list
python scripts/fetch.py cub weights --data /where/data/lie
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

from wsol.errors import InputError
from wsol.fetching.fetching import fetch, listed
from wsol.fetching.sources import SOURCES
from wsol.places import expanded, folder
from wsol.settings import known


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to fetch; --list says what there is")
    parser.add_argument("--data", default="data", help="the folder that they go below (default: data)")
    parser.add_argument("--list", action="store_true", help="what can be fetched, its size and licence")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if given.list or not given.names:
        print(*listed(SOURCES), sep="\n")
    sources = {name: known("data", name, SOURCES) for name in given.names}
    root = expanded("data", given.data)
    folder("data", root)
    for name, source in sources.items():
        fetch(name, source, Path(root), lambda line: print(line, flush=True))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("fetch: stopped; nothing half-unpacked is left, and what came whole is kept.")
