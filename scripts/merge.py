"""Put results folders together: `python scripts/merge.py INTO FOLDER [FOLDER …]`.

Writes the tables and the report of all their runs into the folder INTO: the same bytes whatever the order.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.errors import InputError
from wsol.merging.merge import merge


def main(into: str, *folders: str) -> None:
    """Merges the folders and prints the leaderboards."""
    print(merge(into, folders).rstrip())
    print(f"merge: {Path(into, 'report.html')}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(f"merge: which folders? {__doc__.splitlines()[0]}")
    try:
        main(*sys.argv[1:])
    except (InputError, OSError) as error:
        sys.exit(f"{error}")
