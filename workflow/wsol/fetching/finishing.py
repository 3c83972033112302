"""What is done to a publisher's files before they are put into their place, so that an experiment can read them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wsol.errors import FetchError
from wsol.files.formats import atomic

LABELS = "labels.csv"
SPECIES = {"1": "cat", "2": "dog"}


def pets(folder: Path) -> None:
    """`labels.csv` beside `list.txt`, which says the species of each image: 1 is a cat, 2 a dog."""
    rows = ["image,class"]
    for line in (folder / "list.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            try:
                name, _, species, _ = line.split()
                rows.append(f"{name}.jpg,{SPECIES[species]}")
            except (ValueError, KeyError) as error:
                raise FetchError(f"list.txt: no `image class species breed`: {line!r:.100}.") from error
    with atomic(folder / LABELS) as path:
        path.write_text("\n".join(rows) + "\n")


def weights(architecture: str, arguments: Mapping[str, Any]) -> Callable[[Path], None]:
    """From the HDF5 of old in which Keras publishes weights to the form of today, which its file name promises."""

    def finish(path: Path) -> None:
        import keras

        old = path.with_name("published.h5")
        path.rename(old)  # Keras goes by the name
        try:
            model = getattr(keras.applications, architecture)(weights=None, **arguments)
            model.load_weights(old)
        except Exception as error:  # a foreign file may fail anywhere in Keras' loading
            raise FetchError(f"is no weights of {architecture}: {error}") from error
        model.save_weights(path)
        old.unlink()

    return finish
