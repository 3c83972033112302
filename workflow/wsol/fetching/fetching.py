"""A data set brought to its place below the root: whole, or not there."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from wsol.errors import FetchError
from wsol.fetching.download import download, proven
from wsol.fetching.sources import Fetchable, Part
from wsol.fetching.unpacking import holding, safe, unpack

Say = Callable[[str], None]
UNPACKING = ".unpacking-"  # beside the place, on whichever disk that is
DOWNLOADS = ".downloads"  # below the root: archives of a data set that is not complete yet
RECORDS = "checksums"  # below the root: sums that nobody publishes, as they were seen


def fetch(name: str, source: Fetchable, root: Path, say: Say = print) -> None:
    """Bring what is missing of a data set below `root`; a FetchError of one line where that does not succeed.

    Each part is downloaded, unpacked beside its place and moved there when complete, so what is there is whole.
    Downloads are kept until all of the data set is there: after a failure those that are known to be right need not
    come again.
    """
    missing = [part for part in source.parts if not _is_there(name, part, root)]
    if missing and source.by_hand:
        raise FetchError(f"{name}: {_lacks(root, source.parts)}. {source.by_hand}")
    with _named(name), _downloads(root / DOWNLOADS / name) as downloads:
        if any(part.holds for part in missing):
            safe()
        for part in source.parts:
            _sweep((root / part.into).parent, f"{UNPACKING}{name}-*")
            if part not in missing:
                _finish(name, part, root, say)
        for number, part in enumerate(missing, 1):
            say(f"{name}: {number} of {len(missing)}, {part.into}, from {part.url}")
            _bring(name, part, root, downloads, say)
    say(f"{name}: is there ({_holds(root, source.parts)})")


def _bring(name: str, part: Part, root: Path, downloads: Path, say: Say) -> None:
    """One part, from its address to its place."""
    file, record = downloads / _file_name(part), root / RECORDS / f"{name}.txt"
    say(f"{name}: {download(part.url, part.sum, file, record)}")
    place = root / part.into
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{UNPACKING}{name}-", dir=place.parent, ignore_cleanup_errors=True
    ) as beside:
        with proven(part.url, part.sum, file, record):
            found = _made(part, file, Path(beside))
        found.rename(place)


def _made(part: Part, file: Path, beside: Path) -> Path:
    """What a download becomes, somewhere below `beside`, readable by whom the umask says."""
    folder = beside / "whole"
    folder.mkdir()  # `beside` is a temporary folder, for nobody else to read, and so is a download: no mode is copied
    if part.holds:
        unpack(file, folder)
        found = holding(folder, part.holds)
    else:
        found = shutil.copyfile(file, folder / Path(part.into).name)
    if part.finish:
        part.finish(found)
    if part.counted and (number := _count(found, part)) < part.counted.number:
        raise FetchError(f"{part.url}: holds {number:,} of {part.counted.number:,} {part.counted.what}.")
    return found


def _finish(name: str, part: Part, root: Path, say: Say) -> None:
    """Make the file that finishing adds to a part, where the part is there without it."""
    place = root / part.into
    if part.finish and part.makes and not (place / part.makes).exists():
        part.finish(place)
        say(f"{name}: made '{place / part.makes}'")


@contextmanager
def _downloads(folder: Path) -> Iterator[Path]:
    """The folder of a data set's downloads, without what a fetch that was killed left; nothing of it stays in the end.

    After a failure what came whole stays, but for a first download of an unpublished sum that was not `proven`.
    """
    _sweep(folder, "tmp*")
    try:
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        for place in (folder, folder.parent):
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()


def _sweep(folder: Path, pattern: str) -> None:
    for left in list(folder.glob(pattern)):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Errors with the data set's name in front, those of the disk among them."""
    try:
        yield
    except FetchError as error:
        raise FetchError(f"{name}: {error}") from error
    except OSError as error:
        raise FetchError(f"{name}: {error.strerror or error} ({error.filename}).") from error


def _file_name(part: Part) -> str:
    """A name of the download's own: several addresses may end alike."""
    return f"{part.into.replace('/', '_')}--{Path(unquote(urlsplit(part.url).path)).name}"


def _is_there(name: str, part: Part, root: Path) -> bool:
    """Whether a part is whole; a FetchError where something else lies in its place."""
    place = root / part.into
    if not place.exists():
        return False
    if part.counted is None or (number := _count(place, part)) >= part.counted.number:
        return True
    if part.url:
        few = f"{number:,} of {part.counted.number:,} {part.counted.what}"
        raise FetchError(f"{name}: '{place}' is there and holds {few}; move it away to have it fetched.")
    return False


def _count(place: Path, part: Part) -> int:
    return sum(1 for _ in place.glob(part.counted.pattern)) if part.counted else 0


def _holds(root: Path, parts: tuple[Part, ...]) -> str:
    """What there is, in words: `11,788 images, 11,788 segmentations`."""
    counts = [f"{_count(root / part.into, part):,} {part.counted.what}" for part in parts if part.counted]
    files = sum(part.counted is None for part in parts)
    return ", ".join([*counts, f"{files} files"] if files else counts)


def _lacks(root: Path, parts: tuple[Part, ...]) -> str:
    """What is missing of data that are got by hand."""
    said = []
    for part in parts:
        number, wanted = _count(root / part.into, part), part.counted
        if wanted and number < wanted.number:
            said.append(f"'{root / part.into}' holds {number:,} of {wanted.number:,} {wanted.what}")
    return ", ".join(said)


def listed(sources: dict[str, Fetchable]) -> Iterator[str]:
    """The table of what can be fetched, a few lines each."""
    for name, source in sources.items():
        size = "size unpublished" if source.size is None else f"{source.size / 1e6:,.0f} MB"
        unknown = sum(part.sum is None for part in source.parts)
        yield f"{name:14} {source.title}"
        yield f"{'':14} {size}; {source.licence}"
        if source.by_hand:
            yield f"{'':14} needs a login: make data NAME={name} says where it goes and what is missing"
        elif unknown:
            yield f"{'':14} sums unpublished of {unknown} of {len(source.parts)} files: kept from the first download"
        yield f"{'':14} for {', '.join(f'workflow/experiments/{each}.yaml' for each in source.serves)}"
