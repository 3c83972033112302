"""One file from its publisher, through pooch: whole and with the sum that it must have, or not there at all."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests

from wsol.errors import FetchError
from wsol.files.formats import atomic, sha256

TIMEOUT = 60  # seconds without a byte
CHUNK = 1 << 20
PAGE = (b"<!doctype", b"<html")  # how a web page begins, in any case


def download(url: str, known: str | None, to: Path, record: Path) -> str:
    """Fetch `url` to the file `to`; a FetchError of one line where it does not come, or is not what it must be.

    A file that is there already is taken if it has the sum. `known` is `sha256:…` or `md5:…`; None is a sum that
    nobody publishes, which has to be that in the file `record`, once `proven` wrote it there. What is said of the sum
    is returned.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    expected = known or recorded(record, url)
    try:
        pooch.get_logger().setLevel("ERROR")
        pooch.retrieve(url, expected, to.name, to.parent, downloader=_by_http)
    except ValueError as error:  # pooch's word for another sum, and requests' for what is no address
        raise FetchError(f"{url}: {_other_sum(error, expected, known is None)}") from error
    except (requests.RequestException, OSError) as error:
        raise FetchError(f"{url}: {reason(error)}") from error
    if known:
        return f"{known.partition(':')[0]} as published"
    if expected:
        return f"sha256 as in {record}"
    return f"with a sum which nobody publishes: the sha256 goes into {record} once the file proves to hold what it must"


@contextmanager
def proven(url: str, known: str | None, file: Path, record: Path) -> Iterator[None]:
    """Around what is made of a download: the sum of a first one is recorded if that succeeds, else the file goes.

    Whatever came first would be the truth from then on.
    """
    first = not (known or recorded(record, url))
    try:
        yield
    except Exception:
        if first:
            file.unlink(missing_ok=True)
        raise
    if first:
        _note(record, url, sha256(file))


def _by_http(url: str, to: str, _: object) -> None:
    """The bytes of `url`, as pooch asks for them; a FetchError where they are a web page, which no file here is."""
    pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=CHUNK, timeout=TIMEOUT)(url, to, None)
    with open(to, "rb") as stream:
        if stream.read(CHUNK).lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGE):
            raise FetchError(f"{url}: came as a web page, not the file; nothing of it is kept, a browser shows it.")


def recorded(record: Path, url: str) -> str | None:
    """The sum that `record` has for an address."""
    lines = record.read_text().splitlines() if record.exists() else []
    return next((f"sha256:{line.split()[0]}" for line in lines if line.split()[1:] == [url]), None)


def _note(record: Path, url: str, found: str) -> None:
    before = record.read_text() if record.exists() else ""
    with atomic(record) as path:
        path.write_text(f"{before}{found}  {url}\n")


def _other_sum(error: ValueError, expected: str | None, own: bool) -> str:
    """What is said where pooch compares sums and they differ."""
    if expected is None or "hash" not in str(error):
        return f"cannot be fetched: {error}."
    whose = "that of the first download here" if own else "the published one"
    return f"came with another sum than {whose}, {expected}; nothing of it is kept."


def reason(error: Exception) -> str:
    """Why a download failed, in the words of one line."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}."
    if isinstance(error, requests.Timeout):
        return f"no byte for {TIMEOUT} seconds; try again."
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download was cut; nothing of it is kept, try again."
    if isinstance(error, requests.ConnectionError):
        # `requests` has one name for a host that is unknown, one that refuses and a connection that broke.
        cut = "IncompleteRead" in str(error) or "Connection broken" in str(error)
        asked = error.request.url if error.request is not None else None
        host = urlsplit(str(asked)).hostname if asked else "the host"
        return "the download was cut; nothing of it is kept, try again." if cut else f"no network, or no way to {host}."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; nothing of it is kept."
    return f"cannot be fetched: {os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error}."
