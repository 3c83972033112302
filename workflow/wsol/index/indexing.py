"""From an adapter's answer to the targets table, with everything that is wrong in a second steps."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from wsol.adapters import ADAPTERS
from wsol.datasets import apart, stored
from wsol.datasets.annotations import KINDS, Annotations, Problem, Rescale
from wsol.errors import ConfigError, DataError, unknown
from wsol.files import headers, paths
from wsol.files.index import TARGETS
from wsol.index import classmap, retold
from wsol.index import targets as steps
from wsol.index.summary import summarise
from wsol.settings import Doc, File, Range, checked, parameters, shown


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every data set may say, whatever its adapter."""

    images: Annotated[
        File | None,
        Doc("The folder that the images' names lie below; without it no file is looked at and only controls can run."),
    ] = None
    rescale: Rescale = False
    part: Annotated[
        dict | None,
        Doc(
            "`{of: 5, take: 0}` is the first of five disjoint parts, by a hash of each image's name, or of its group "
            "where there are groups."
        ),
    ] = None
    boxes_from: Annotated[
        File | None,
        Doc(
            "A table of boxes that take the place of the annotations' boxes and masks, with the columns image, label, "
            "x0, y0, x1 and y1 as the export `csv` writes them: pseudo-boxes, to choose levels on without true ones."
        ),
    ] = None
    class_map: Annotated[
        Literal["labels"] | File | dict | None,
        Doc(
            "Which outputs of a model are right for a class: a mapping, or a JSON, YAML or CSV file (columns class, "
            "outputs), from a class by index, name or synset id to an output or several; or `labels`, where output i "
            "is class i."
        ),
    ] = None
    output_names: Annotated[
        File | None,
        Doc("The names of a model's outputs: one per line (`n01440764 tench`), or Keras' JSON `{\"0\": [id, name]}`."),
    ] = None
    strict: Annotated[
        bool | list[str],
        Doc(
            "Whether any problem is an error, or the kinds of problems that are one (`set_aside` only if it is listed)."
        ),
    ] = False
    pixel_limit: Annotated[int, Range(1, 2**31), Doc("Images of more pixels are refused before they are decoded.")] = (
        2**27
    )
    range: Annotated[
        list[float] | None,
        Doc(
            "`[low, high]`: the values of images of more than 8 bits that become black and white; without it none is, "
            "but for DICOM files, which have a window of their own."
        ),
    ] = None


class Index(NamedTuple):
    targets: pd.DataFrame  # TARGETS
    problems: pd.DataFrame  # kind, image, detail
    summary: str
    labels: pd.DataFrame  # LABELS


def split(settings: Mapping[str, Any], where: str = "dataset") -> tuple[Callable, dict, Common]:
    """The adapter of a data set's entry in the config, the adapter's settings and the common ones, all checked.

    A ConfigError names what is wrong; `where` is what it calls the entry.
    """
    given = dict(settings)
    name = given.pop("adapter", None)
    if name is None:
        raise ConfigError(f"{where}: 'adapter' is required ({' | '.join(ADAPTERS)}).")
    if name not in ADAPTERS:
        raise ConfigError(unknown(f"{where}.adapter", name, ADAPTERS))
    adapter = ADAPTERS[name]
    own = parameters(adapter)
    every = parameters(Common)
    if strangers := [key for key in given if key not in own and key not in every]:
        raise ConfigError(unknown(where, strangers[0], [*own, *every]))
    common = checked(where, Common, {k: v for k, v in given.items() if k in every})
    _check(Common(**common), where)
    return adapter, checked(where, adapter, {k: v for k, v in given.items() if k in own}), Common(**common)


def _check(common: Common, where: str) -> None:
    """What types alone do not say of the common settings."""
    if common.part is not None:
        of = common.part.get("of", 0)
        take = common.part.get("take", 0)
        whole = all(isinstance(v, int) and not isinstance(v, bool) for v in (of, take))
        if set(common.part) != {"of", "take"} or not whole or not 0 <= take < of:
            raise ConfigError(f"{where}.part: must be {{of: n, take: 0 … n - 1}}, got {dict(common.part)}.")
    if common.range is not None:
        span = common.range
        if len(span) != 2 or not -math.inf < span[0] < span[1] < math.inf:
            raise ConfigError(f"{where}.range: must be [low, high], two numbers, the lower first; got {span}.")
    if isinstance(common.strict, list) and (strangers := set(common.strict) - set(KINDS)):
        raise ConfigError(unknown(f"{where}.strict", min(strangers), KINDS))


def index(settings: Mapping[str, Any], where: str = "dataset") -> Index:
    """The targets of a data set in the adapter's order, its problems, and a summary of one screen.

    `settings` is its entry in the config, which errors call `where`. A DataError where there is nothing to localise, or
    where `strict` forbids a problem that there is.
    """
    adapter, own, common = split(settings, where)
    found = adapter(**own)
    if not isinstance(found, Annotations):
        raise ConfigError(f"{where}.adapter: '{settings['adapter']}' must give Annotations, got {shown(found)}.")
    problems = list(found.problems)
    every = steps.complete(found.targets, problems)
    every = retold.retold(every, common.boxes_from, problems) if common.boxes_from else every
    classes = steps.names(every["label"], found.classes)
    outputs = classmap.outputs(classes, common.class_map, common.output_names, found.numbered)
    targets = steps.part(every, common.part)
    if common.boxes_from and not targets["boxes"].map(len).any():
        raise DataError(f"{where}.boxes_from: '{common.boxes_from}' has no box of this part.")
    # What is wrong with images of another part is said of that part.
    others = set(every["image"]) - set(targets["image"])
    problems = [problem for problem in problems if problem.image not in others]
    named = set(every["image"]) | {problem.image for problem in problems}
    if targets.empty:
        raise DataError(f"{where}: no targets{' in this part' if common.part else ''}.")
    facts = _facts(every, targets, common, where)
    there = apart.images(common.images, own.get("masks")) if common.images else []
    facts = apart.missed(facts, there, common.images, where) if common.images else facts
    for fact in facts.values():
        problems += fact.problems
    targets = steps.sized(targets, facts, common.rescale, problems)
    targets = steps.sound(targets, problems)
    targets = steps.named(targets, classes, len(found.classes), outputs, problems)
    if common.images:
        problems += stored.copies(facts, common.images)
        problems += apart.strangers(there, common.images, named, found.masks)
    wrong = pd.DataFrame(problems, columns=list(Problem._fields)).astype(str)
    targets = targets[list(TARGETS.fields)].reset_index(drop=True)
    _strict(common.strict, wrong, where)
    summary = summarise(targets, wrong, outputs.how, _depths(facts, common))
    return Index(targets, wrong, summary, steps.labels(targets, found.by_area))


def _facts(every: pd.DataFrame, targets: pd.DataFrame, common: Common, where: str) -> dict[str, stored.Fact]:
    """What the images' headers say; a DataError where `range` is said and no image of the data set needs it."""
    ranged = common.range is not None
    facts = stored.look(targets["image"].unique(), common.images, common.pixel_limit, ranged)
    if ranged and not any(fact.depth.ranged for fact in facts.values()):
        # A part may be without: only if the whole is, the setting does nothing.
        others = set(every["image"]) - facts.keys()
        rest = stored.look(sorted(others), common.images, common.pixel_limit, ranged)
        if not any(fact.depth.ranged for fact in rest.values()):
            number = len(facts) + len(rest)
            raise DataError(f"{where}.range: none of its {number} images has more than 8 bits; leave it out.")
    return facts


def _depths(facts: Mapping[str, stored.Fact], common: Common) -> list[str]:
    """The summary's line on images of more than 8 bits, if there are any: the range said, or one to say."""
    deep = {name: fact.depth for name, fact in facts.items() if fact.depth.deep}
    if deep and common.images and common.range is not None:
        low, high = common.range
        return [f"range       [{low:g}, {high:g}], for {len(deep)} images of more than 8 bits"]
    if common.images is None or not any(depth.open for depth in deep.values()):
        return []
    from wsol.datasets import ranges

    return ranges.hint({name: depth for name, depth in deep.items() if depth.open}, common.images)


def opener(settings: Mapping[str, Any], where: str = "dataset") -> Callable[[str], np.ndarray]:
    """The function that opens an image of the data set by its name, as uint8 RGB [h w 3] or with a DataError."""
    _, own, common = split(settings, where)
    if drawn := ADAPTERS.opener(settings["adapter"]):
        return drawn(**own)
    if common.images is None:
        raise ConfigError(f"{where}: 'images' is required to open images.")
    root = paths.folder(common.images, f"{where}.images")
    limit = common.pixel_limit

    def read(name: str) -> np.ndarray:
        from wsol.datasets import decoding

        path = paths.inside(root, name, where)
        size = headers.header(path)
        if size.width * size.height > limit:
            raise DataError(f"{path}: {size.width}x{size.height} is over the limit of {limit} pixels.")
        if size.depth.open and common.range is None:
            raise DataError(f"{path}: {size.depth.unsaid()}.")
        return decoding.decode(path, common.range if size.depth.ranged else None)

    return read


def _strict(strict: bool | list[str], problems: pd.DataFrame, where: str) -> None:
    """A DataError for the first problem of a forbidden kind; what a setting leaves out is no fault of the data."""
    kinds = [kind for kind in KINDS if kind != "set_aside"] if strict is True else strict or []
    wrong = problems[problems["kind"].isin(kinds)]
    if len(wrong):
        first = wrong.iloc[0]
        raise DataError(
            f"{where}: {len(wrong)} problems (strict); the first: {first.kind} {first.image}: {first.detail}"
        )
