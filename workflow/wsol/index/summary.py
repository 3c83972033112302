"""What the index says of a data set: a screen of what there is, and a line of what is wrong."""

from collections.abc import Sequence

import pandas as pd

from wsol.datasets.annotations import KINDS

KINDS_TOLD = 4


def summarise(targets: pd.DataFrame, problems: pd.DataFrame, how: str = "", more: Sequence[str] = ()) -> str:
    """One screen: what there is, then what is wrong. `how` outputs are known, as `classmap` says; `more` lines."""
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
        f"outputs     {_outputs(targets, how)}",
        *more,
        f"problems    {len(problems) or 'none'}",
    ]
    counts = problems["kind"].value_counts()
    return "\n".join(lines + [f"  {counts[kind]:>8} {KINDS[kind]}" for kind in KINDS if kind in counts]) + "\n"


def _outputs(targets: pd.DataFrame, how: str) -> str:
    if not how:
        return "none: say class_map before a network runs"
    mapped = targets.loc[targets["outputs"].map(len) > 0, "label"].nunique()
    return f"by {how}: {mapped} of {targets['label'].nunique()} classes"


def told(problems: pd.DataFrame, path: str) -> str:
    """A line for the terminal, `3 problems (2 size, 1 rotated), see PATH`; "" where only a setting left things out."""
    counts = problems["kind"].value_counts()
    if not len(counts.drop("set_aside", errors="ignore")):
        return ""
    kinds = sorted(counts.index, key=lambda kind: (-counts[kind], kind))
    shown = [f"{counts[kind]} {kind}" for kind in kinds[:KINDS_TOLD]] + ["…"] * (len(kinds) > KINDS_TOLD)
    number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"{number} ({', '.join(shown)}), see {path}"
