"""From an adapter's answer to the targets table, with everything that is wrong in a second table."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd

from wsol import files
from wsol.datasets import ADAPTERS, OPENERS, classmap, headers, paths, rle, stored, truth
from wsol.datasets.annotations import COLUMNS, KINDS, Problem, each
from wsol.errors import ConfigError, DataError, unknown
from wsol.settings import File, Range, checked, parameters


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every data set may say, whatever its adapter.

    `images` is the folder that image names lie below; without it no file is looked at (only controls can run).
    `rescale`: stored files (and masks) differ from the declared size on purpose. `part: {of, take}`: one of disjoint
    parts by a hash of the image's name, or of its group where there are groups. `class_map`, `output_names`: see
    `classmap`. `strict`: any problem is an error, or any of the listed kinds (what a setting sets aside only where it
    is listed). `pixel_limit`: larger images are refused before decoding.
    """

    images: File | None = None
    rescale: bool = False
    part: dict | None = None
    class_map: File | dict | None = None
    output_names: File | None = None
    strict: bool | list[str] = False
    pixel_limit: Annotated[int, Range(1, 2**31)] = 2**27


class Index(NamedTuple):
    targets: pd.DataFrame  # files.TARGETS
    problems: pd.DataFrame  # kind, image, detail
    summary: str


def split(settings: Mapping[str, Any], where: str = "dataset") -> tuple[Callable, dict, Common]:
    """A data set's entry in the config -> its adapter, the adapter's settings and the common ones, all checked."""
    given = dict(settings)
    name = given.pop("adapter", None)
    if name is None:
        raise ConfigError(f"{where}: 'adapter' is required ({' | '.join(ADAPTERS)}).")
    if name not in ADAPTERS:
        raise ConfigError(unknown(f"{where}.adapter", name, ADAPTERS))
    adapter, own, shared = ADAPTERS[name], parameters(ADAPTERS[name]), parameters(Common)
    if strangers := [key for key in given if key not in own and key not in shared]:
        raise ConfigError(unknown(where, strangers[0], [*own, *shared]))
    common = checked(where, Common, {k: v for k, v in given.items() if k in shared})
    _check(Common(**common), where)
    return adapter, checked(where, adapter, {k: v for k, v in given.items() if k in own}), Common(**common)


def _check(common: Common, where: str) -> None:
    """What types alone do not say of the common settings."""
    if common.part is not None:
        of, take = common.part.get("of", 0), common.part.get("take", 0)
        whole = all(isinstance(v, int) and not isinstance(v, bool) for v in (of, take))
        if set(common.part) != {"of", "take"} or not whole or not 0 <= take < of:
            raise ConfigError(f"{where}.part: must be {{of: n, take: 0 … n - 1}}, got {dict(common.part)}.")
    if isinstance(common.strict, list) and (strangers := set(common.strict) - set(KINDS)):
        raise ConfigError(unknown(f"{where}.strict", min(strangers), KINDS))


def index(settings: Mapping[str, Any], where: str = "dataset") -> Index:
    """A data set's entry in the config -> its targets in the adapter's order, its problems and a one-screen summary."""
    adapter, own, common = split(settings, where)
    found = adapter(**own)
    problems = list(found.problems)
    targets = _complete(found.targets, problems)
    named = set(targets["image"])
    targets = _part(targets, common.part)
    others = named - set(targets["image"])
    problems = [problem for problem in problems if problem.image not in others]
    named |= {problem.image for problem in problems}
    if targets.empty:
        raise DataError(f"{where}: no targets{' in this part' if common.part else ''}.")
    facts = stored.look(targets["image"].unique(), common.images, common.pixel_limit)
    problems += [problem for fact in facts.values() for problem in fact.problems]
    targets = _sized(targets, facts, common.rescale, problems)
    targets = _truth(targets, problems)
    targets = _classes(targets, found.classes, common, problems)
    if common.images:
        problems += stored.copies(facts, common.images)
        strangers = [name for name in paths.images(common.images) if name not in named]
        problems += [Problem("unreferenced", name, "in the folder, not in the annotations") for name in strangers]
    table = pd.DataFrame(problems, columns=list(Problem._fields)).astype(str)
    targets = targets[list(files.TARGETS.fields)].reset_index(drop=True)
    _strict(common.strict, table, where)
    return Index(targets, table, summarise(targets, table))


def opener(settings: Mapping[str, Any], where: str = "dataset") -> Callable[[str], np.ndarray]:
    """The function that opens an image of the data set by its name: uint8 RGB [h w 3]; a DataError where it cannot."""
    _, own, common = split(settings, where)
    if settings["adapter"] in OPENERS:
        return OPENERS[settings["adapter"]](**own)
    if common.images is None:
        raise ConfigError(f"{where}: 'images' is required to open images.")
    root, limit = paths.folder(common.images, f"{where}.images"), common.pixel_limit

    def read(name: str) -> np.ndarray:
        from wsol import images

        path = paths.inside(root, name, where)
        size = headers.header(path)
        if size.width * size.height > limit:
            raise DataError(f"{path}: {size.width}x{size.height} is over the limit of {limit} pixels.")
        return images.decode(path)

    return read


def _complete(targets: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Columns an adapter left out, groups, and no (image, label) twice."""
    blank: dict[str, Any] = {"width": 0, "height": 0, "boxes": "", "mask": "", "ignore": "", "group": ""}
    targets = targets.assign(**{column: value for column, value in blank.items() if column not in targets})
    targets = targets[list(COLUMNS)].copy()
    targets["group"] = targets["group"].astype(object).where(targets["group"] != "", targets["image"])
    twice = targets.duplicated(["image", "label"])
    for image, label in targets.loc[twice, ["image", "label"]].itertuples(index=False):
        problems.append(Problem("duplicate_id", image, f"class {label} again; the first is kept"))
    return targets[~twice]


def _part(targets: pd.DataFrame, part: Mapping | None) -> pd.DataFrame:
    if part is None:
        return targets
    return targets[[part_of(group, part["of"]) == part["take"] for group in targets["group"]]]


def part_of(name: str, of: int) -> int:
    """Which of `of` parts a name falls into: its sha256 modulo `of`."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()) % of


def _sized(targets: pd.DataFrame, facts: Mapping, rescale: bool, problems: list[Problem]) -> pd.DataFrame:
    """Sizes the annotation left open come from the files; where both speak and differ, that is a problem."""
    widths, heights = [], []
    for image, width, height in targets[["image", "width", "height"]].itertuples(index=False):
        fact, declared = facts[image], bool(width and height)
        if declared and fact.width and (width, height) != (fact.width, fact.height) and not rescale:
            stored = f"declared {width}x{height}, stored {fact.width}x{fact.height}"
            problems.append(Problem("size", image, f"{stored}; say `rescale: true` where that is meant"))
        widths.append(width if declared else fact.width)
        heights.append(height if declared else fact.height)
    status = [facts[image].status for image in targets["image"]]
    return targets.assign(width=np.array(widths, int), height=np.array(heights, int), status=status)


def _truth(targets: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Boxes inside their image, no empty truth; a target without any is `unlabelled`."""
    boxes: list[list[float]] = []
    masks: list[str] = []
    status: list[str] = []
    for row in each(targets):
        kept, complaints = truth.sound(list(row.boxes), row.width, row.height)
        problems += [Problem(kind, row.image, detail) for kind, detail in complaints]
        empty = 0 < len(row.mask) < 10 and len(rle.counts(row.mask)) < 2
        if empty:
            problems.append(Problem("empty_mask", row.image, "no foreground pixel; dropped"))
        boxes.append(kept)
        masks.append("" if empty else row.mask)
        status.append("unlabelled" if row.status == "ok" and not kept and not masks[-1] else row.status)
    return targets.assign(boxes=pd.Series(boxes, targets.index, dtype=object), mask=masks, status=status)


def _classes(targets: pd.DataFrame, classes: list[str], common: Common, problems: list[Problem]) -> pd.DataFrame:
    """Names of the classes and the model outputs that are right for them."""
    labels = sorted(targets["label"].unique().tolist())
    names = {label: "" if label < 0 else str(label) for label in labels}
    names |= {label: classes[label] for label in labels if 0 <= label < len(classes)}
    outputs = classmap.outputs(names, common.class_map, common.output_names)
    counts = Counter(targets["label"])
    told = {label: f"class {label} ({names[label]}): {counts[label]} targets" for label in labels}
    beyond = [label for label in labels if classes and label >= len(classes)]
    problems += [Problem("unknown_class", "", f"{told[label]}; {len(classes)} classes have names") for label in beyond]
    unmapped = [label for label in labels if label >= 0 and not outputs.get(label)]
    problems += [Problem("unmapped", "", told[label]) for label in unmapped]
    right = pd.Series([list(outputs.get(label, [])) for label in targets["label"]], targets.index, dtype=object)
    return targets.assign(class_name=targets["label"].map(names), outputs=right)


def _strict(strict: bool | list[str], problems: pd.DataFrame, where: str) -> None:
    kinds = [kind for kind in KINDS if kind != "set_aside"] if strict is True else strict or []
    wrong = problems[problems["kind"].isin(kinds)]
    if len(wrong):
        first = wrong.iloc[0]
        raise DataError(
            f"{where}: {len(wrong)} problems (strict); the first: {first.kind} {first.image}: {first.detail}"
        )


def summarise(targets: pd.DataFrame, problems: pd.DataFrame) -> str:
    """One screen: what there is, then what is wrong."""
    boxes = targets["boxes"].map(len) // 4
    sizes = targets.drop_duplicates("image")
    sizes = sizes[(sizes["width"] > 0) & (sizes["height"] > 0)]
    spans = [
        f"{sizes[side].min()}-{sizes[side].max()} (median {sizes[side].median():.0f})" for side in ("width", "height")
    ]
    status = ", ".join(f"{n} {name}" for name, n in targets["status"].value_counts().sort_index().items())
    lines = [
        f"images      {targets['image'].nunique()}",
        f"targets     {len(targets)} ({status})",
        f"classes     {targets['label'].nunique()}",
        f"groups      {targets['group'].nunique()}",
        f"boxes       {boxes.sum()}, {boxes.mean():.2f} a target, most {boxes.max()}; none in {(boxes == 0).sum()}",
        f"masks       {(targets['mask'] != '').sum()}, with ignored pixels {(targets['ignore'] != '').sum()}",
        f"sizes       {' x '.join(spans) if len(sizes) else 'unknown'}",
        f"problems    {len(problems) or 'none'}",
    ]
    counts = problems["kind"].value_counts()
    return "\n".join(lines + [f"  {counts[kind]:>8} {KINDS[kind]}" for kind in KINDS if kind in counts]) + "\n"
