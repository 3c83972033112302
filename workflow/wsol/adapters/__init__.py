"""Data sets as they come: each adapter is a file here, and all give the same table.

An adapter is a module here with a function `read`, whose keyword-only, annotated settings are the data set's entry in
the config, and which returns `Annotations`. A file that is wrong is a DataError of one line, or a problem in the table
of problems where the rest can go on. It converts to the one box convention (`wsol.boxes`) and checks every name it
meets (`files.paths`); it opens no image but masks. What all data sets share (`images`, `rescale`, `part`, `class_map`,
`strict`, ...) is `index.indexing`'s, and reaches an adapter only if its signature asks for it.

The module of a data set that is on no disk has a second function, `opener`: it takes the settings and gives the
function that draws an image by its name.
"""

from collections.abc import Callable, Iterator, MutableMapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from wsol.datasets.annotations import Annotations

Read = Callable[..., Annotations]


class Adapters(MutableMapping[str, Read]):
    """`read` of every module in this folder by the module's name, imported when it is asked for.

    So a data set depends on the code of its own adapter alone; what is set here goes before what lies in the folder.
    """

    def __init__(self) -> None:
        self._set: dict[str, Read] = {}

    def __getitem__(self, name: str) -> Read:
        if name in self._set:
            return self._set[name]
        if name not in _names():
            raise KeyError(name)
        return _module(name).read

    def __setitem__(self, name: str, read: Read) -> None:
        self._set[name] = read

    def __delitem__(self, name: str) -> None:
        del self._set[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*_names(), *self._set}))

    def __len__(self) -> int:
        return len({*_names(), *self._set})

    def opener(self, name: str) -> Callable | None:
        """The function that makes a data set's own opener of images, None where its images are files."""
        return None if name in self._set else getattr(_module(name), "opener", None)


def _names() -> set[str]:
    return {path.stem for path in Path(__file__).parent.glob("[!_]*.py")}


def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")


ADAPTERS = Adapters()
