"""Check every file of a results folder against its digest: `python scripts/verify.py [results]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.provenance import audit


def main(root: str = "results") -> None:
    """Prints one line for each file that fails; exits 1 where there is one, or nothing to check."""
    if not Path(root).is_dir():
        sys.exit(f"verify: no folder '{root}'.")
    found = audit.verify(root)
    for name, why in found:
        print(f"{Path(root, name)!s} {why}.".encode("utf-8", "backslashreplace").decode())
    if found:
        sys.exit(f"verify: {len(found)} files of '{root}' are not what was written; a run makes them again.")
    print(f"verify: every file of '{root}' is what was written.")


if __name__ == "__main__":
    main(*sys.argv[1:])
