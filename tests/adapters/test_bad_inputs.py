"""What happens to every wrong input we could think of: a named status, a counted problem, or one line of error.

Each case (`bad_images`, `bad_lists`, `bad_markup`, `bad_tables`) damages one of the small data sets in `sources` and
states the outcome word for word. Nothing hangs, nothing ends in a traceback, and no count changes without a problem
that says so.
"""

from itertools import chain
from pathlib import Path

import pytest

import bad_images
import bad_lists
import bad_markup
import bad_tables
import sources
from damages import animated, encoded, png, rotated, sixteen_bits
from wsol.errors import DataError, InputError
from wsol.index.indexing import index, opener

TABLES = (bad_images, bad_lists, bad_markup, bad_tables)
CASES = dict(chain.from_iterable(table.CASES.items() for table in TABLES))


def outcome(settings: dict, root: Path) -> str:
    """What `index` makes of a data set, on one line."""
    try:
        found = index(settings)
    except InputError as error:
        return str(error).replace(str(root), "~")
    return f"{' '.join(found.targets['status'])} | {' '.join(found.problems['kind'])}".strip()


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name, tmp_path):
    case = CASES[name]
    settings = sources.SOURCES[case.source](tmp_path)
    settings |= case.damage(tmp_path) or {}
    said = outcome(settings, tmp_path)
    if case.outcome.endswith("…"):  # the rest is another library's, and changes with it
        said = said[: len(case.outcome) - 1] + "…"
    assert said == case.outcome
    assert "\n" not in said


# What the index takes for an image may still not decode: then opening it is an error, and the target is unreadable.
OPENED: dict[str, tuple[bytes, str]] = {
    "JPEG cut short": (encoded("JPEG")[:-40], "~/images/a.png: the file is cut short."),
    "PNG cut short": (encoded("PNG")[:-40], "~/images/a.png: the file is cut short."),
    "zero bytes": (b"", "~/images/a.png is no readable image."),
    "text": (b"not a picture", "~/images/a.png is no readable image."),
    "huge size in the header": (png(30_000, 20_000), "~/images/a.png: …"),
    "over the data set's limit": (
        png(12_000, 12_000),
        "~/images/a.png: 12000x12000 is over the limit of 134217728 pixels.",
    ),
    "no pixels": (png(40, 30), "~/images/a.png: …"),
    "JPEG named .png": (encoded("JPEG"), "30x40x3"),
    "PNG": (encoded("PNG"), "30x40x3"),
    "grey": (encoded("PNG", mode="L"), "30x40x3"),
    "one bit": (encoded("PNG", mode="1"), "30x40x3"),
    "palette": (encoded("PNG", mode="P"), "30x40x3"),
    "transparent": (encoded("PNG", mode="RGBA"), "30x40x3"),
    "grey and transparent": (encoded("PNG", mode="LA"), "30x40x3"),
    "CMYK": (encoded("JPEG", mode="CMYK"), "30x40x3"),
    "16 bits": (sixteen_bits(), "~/images/a.png: 16 bits, say range: [0, 65535]."),
    "floats": (encoded("TIFF", mode="F"), "~/images/a.png: floating point, say range: [LOW, HIGH]."),
    "PGM of 12 bits": (b"P5 40 30 4095\n" + bytes(2400), "~/images/a.png: 12 bits, say range: [0, 4095]."),
    "progressive": (encoded("JPEG", progressive=True), "30x40x3"),
    "turned by EXIF stays as stored": (rotated(), "30x40x3"),
    "animated": (animated(), "30x40x3"),
    "one pixel": (encoded("PNG", (1, 1)), "1x1x3"),
    "BMP": (encoded("BMP"), "30x40x3"),
    "TIFF": (encoded("TIFF"), "30x40x3"),
    "WebP": (encoded("WEBP"), "30x40x3"),
}


@pytest.mark.parametrize("name", OPENED)
def test_opening(name, tmp_path):
    pytest.importorskip("wsol.datasets.images")
    content, expected = OPENED[name]
    settings = sources.wsol(tmp_path)
    (tmp_path / "images/a.png").write_bytes(content)
    try:
        said = "x".join(map(str, opener(settings)("a.png").shape))
    except DataError as error:
        said = str(error).replace(str(tmp_path), "~")
    assert said == expected or (expected.endswith("…") and said.startswith(expected[:-1]))


def test_no_case_hides_another_of_its_name():
    assert len(CASES) == sum(len(table.CASES) for table in TABLES) >= 190
