"""What is said of explained images: lines for people or JSON for programs, and of what failed a line each."""

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from tqdm import tqdm

from wsol.errors import InputError
from wsol.explain.classes import ClassNames
from wsol.explain.explaining import ExplainedImage
from wsol.maps.heatmaps import is_degenerate

SHOWN = 5  # classes
Boxes = dict[str, list[list[float] | None]]  # by method, a box for each explained output


class Told:
    """What became of `count` images: failures go to the terminal as they come, but for that of an only image.

    With `as_json` each is an object on standard output as well. `bar` shows how far it is, on a terminal alone.
    """

    def __init__(self, count: int, terminal: TextIO, as_json: bool):
        self.count = count
        self.as_json = as_json
        self.terminal = terminal
        self.failures: list[str] = []
        self.bar = tqdm(total=count, unit="image", file=terminal, disable=None, leave=False)

    @contextmanager
    def of(self, image: object) -> Iterator[None]:
        """Work on one image, whose failure does not stop the rest."""
        try:
            yield
        except InputError as problem:
            self.fail(image, problem)

    def fail(self, image: object, problem: InputError) -> None:
        self.failures.append(str(problem))
        if self.as_json:
            self._print([row(image=str(image), error=str(problem))])
        if self.count > 1:
            self.bar.clear()
            print(printable(str(problem)), file=self.terminal, flush=True)
            self.bar.refresh()

    def say(self, image: str, picture: Path, layer: Sequence[str], found: ExplainedImage, *rest: Any) -> None:
        """What was found of an image: lines, or objects of JSON."""
        self._print((rows if self.as_json else lines)(image, picture, layer, found, *rest))

    def _print(self, said: Iterable[str]) -> None:
        """On standard output; the program ends where nobody reads on (`| head`)."""
        self.bar.clear()
        try:
            print(*map(printable, said), sep="\n", flush=True)
            self.bar.refresh()
        except BrokenPipeError:
            # Python flushes once more at its end, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    def ending(self) -> str:
        """What to end with, "" where all is well."""
        if self.count == 1 or not self.failures:
            return printable("".join(self.failures))
        return f"{len(self.failures)} of {self.count} images failed."


def printable(line: str) -> str:
    """A line as it may be printed: of a file's name what is no text, or would steer a terminal, as escapes.

    >>> printable("cat" + chr(27) + "[2J.jpg") == "cat" + chr(92) + "x1b[2J.jpg"
    True
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)


def lines(
    image: str, picture: Path, layer: Sequence[str], found: ExplainedImage, boxes: Boxes, names: ClassNames
) -> Iterator[str]:
    """The highest classes and those that are explained, with what was found of each by every method."""
    yield f"{image}: layer {', '.join(layer)}, {', '.join(found.maps)}, picture {picture}"
    order = np.argsort(-found.logits, kind="stable")[:SHOWN].tolist()
    for output in [*order, *(output for output in found.outputs if output not in order)]:
        explained = output in found.outputs
        yield f"class {output:4d}  {_value(found, output)}  {names.of(output)}{'  <- explained' * explained}".rstrip()
        if explained:
            yield from _remarks(found, boxes, found.outputs.index(output))


def _value(found: ExplainedImage, output: int) -> str:
    chance = found.probability(output)
    return f"{found.logits[output]:8.3f}" if chance is None else f"{100 * chance:6.2f} %"


def _remarks(found: ExplainedImage, boxes: Boxes, place: int) -> Iterator[str]:
    for method, maps in found.maps.items():
        if is_degenerate(maps[place]):
            yield f"            {method}: the map is flat"
        elif method in boxes:
            box = boxes[method][place]
            yield f"            {method}: {f'box {rounded(box)}' if box else 'nothing passes the level'}"


def rounded(box: Sequence[float]) -> str:
    """`x0 y0 x1 y1` in image pixels."""
    return " ".join(f"{value:.1f}" for value in box)


def rows(
    image: str, picture: Path, layer: Sequence[str], found: ExplainedImage, boxes: Boxes, names: ClassNames
) -> Iterator[str]:
    """One JSON object a method: what stands in lists is of each explained class, in order."""
    for method, maps in found.maps.items():
        yield row(
            image=image,
            cam=method,
            layer=list(layer),
            classes=found.outputs,
            names=[names.of(output) or None for output in found.outputs],
            probabilities=[_finite(found.probability(output)) for output in found.outputs],
            logits=[_finite(float(found.logits[output])) for output in found.outputs],
            flat=[bool(is_degenerate(one)) for one in maps],
            box=boxes.get(method),
            picture=str(picture),
        )


def row(**fields: Any) -> str:
    """One line of JSON."""
    return json.dumps(fields, allow_nan=False)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
