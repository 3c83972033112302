"""A job in one line: its stage, what the user calls its decisions, how many images, how fast."""

from collections.abc import Mapping, Sequence

ORDER = ("reading", "backbone", "cam", "threshold", "evaluation", "form", "dataset")
UNSAID = ("none", "imported", "logits")  # in paths where there is no backbone, cam or reading that the user has named
BAR = 10  # cells of the live bar
CUT = "…"  # how a line ends that the terminal has no room for


def names(wildcards: Mapping[str, str], called: Mapping[str, str] = {}) -> list[str]:
    """What the user calls the decisions in a job's wildcards; the digests behind them mean nothing to anybody.

    `called` has those of which there are several of one name.

    >>> names({"dataset": "birds@1f3a5c77", "backbone": "xception@bbd3a5bd", "shard": "000000-000299"})
    ['xception', 'birds']
    >>> names({"backbone": "xception@bbd3a5bd"}, {"xception@bbd3a5bd": "xception seed 1"})
    ['xception seed 1']
    """
    decisions = [str(wildcards[kind]) for kind in ORDER if kind in wildcards]
    found = [called.get(decision, decision.split("@")[0]) for decision in decisions]
    return [name for name in found if name not in UNSAID]


def images(shard: str) -> int:
    """How many images a shard holds, by its name.

    >>> images("002000-002499")
    500
    """
    first, last = map(int, shard.split("-"))
    return last - first + 1


def title(stage: str, named: Sequence[str]) -> str:
    """A job within a sentence.

    >>> title("predict", ["xception", "birds"])
    'predict xception · birds'
    """
    return f"{stage} {' · '.join(named)}".strip()


def line(stage: str, parts: Sequence[str]) -> str:
    """A job's line: the stage in a column of its own, then every part that there is.

    >>> line("predict", ["xception", "birds", "300 images", "41/s", "12 of 38", ""])
    'predict   xception · birds · 300 images · 41/s · 12 of 38'
    """
    return f"{stage:<9} {' · '.join(part for part in parts if part)}"


def rate(images: int, seconds: float) -> str:
    """Images per second, or per minute where that is less than one.

    >>> rate(300, 7.3), rate(10, 4), rate(6, 120)
    ('41/s', '2.5/s', '3.0/min')
    """
    second = images / max(seconds, 0.001)
    number, unit = (second, "s") if second >= 1 else (60 * second, "min")
    return f"{number:.0f}/{unit}" if number >= 10 else f"{number:.1f}/{unit}"


def duration(seconds: float) -> str:
    """A time that has passed.

    >>> duration(7.3), duration(192), duration(4800)
    ('7 s', '3 min 12 s', '1 h 20 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def left(seconds: float | None, complete: bool = True) -> str:
    """A time to come, as roughly as it is known; "" where nothing is. `complete`: no stage is still to be timed.

    >>> left(4), left(100), left(100, complete=False), left(7300), left(None)
    ('10 s left', '2 min left', 'over 1 min left', '2 h 2 min left', '')
    """
    if seconds is None or (not complete and seconds < 60):
        return ""
    if not complete:
        return f"over {_rough(60 * (seconds // 60))} left"
    return f"{_rough(seconds)} left"


def _rough(seconds: float) -> str:
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def bar(done: int, total: int, parts: Sequence[str], columns: int) -> str:
    """The live line: how much is done, and `parts` that say what is being done; cut to a terminal of `columns`.

    >>> bar(12, 38, ["12 of 38", "predict xception 164/300"], 80)
    '[===·······] 12 of 38 · predict xception 164/300'
    """
    cells = BAR * done // max(total, 1)
    text = f"[{'=' * cells}{'·' * (BAR - cells)}] {' · '.join(part for part in parts if part)}"
    # The last column stays free: writing it makes some terminals begin another line.
    return text if len(text) < columns else text[: columns - 2] + CUT
