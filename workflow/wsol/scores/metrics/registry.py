"""The registry of metrics: what a name stands for."""

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import replace

from wsol.scores.metrics.record import Metric, Pooled, as_metric, at_delta
from wsol.scores.views import Values, View

PERCENT = re.compile(r"[1-9][0-9]?")  # a whole one from 1 to 99
# What stands behind a name where what is a mean over targets is one over classes or groups instead.
MEANS = {"@class_mean": "classes", "@group_mean": "groups"}

Entry = Metric | Callable[[View], Values | Pooled]


class Metrics(MutableMapping[str, Metric]):
    """Metrics by name.

    Beside the names that are iterated it has each family at every whole percent of IoU (`maxboxacc@75`), each mean over
    targets as one over classes (`maxboxacc@75@class_mean`) and one over groups (`maxboxacc@75@group_mean`), and old
    names, which stand for today's. A plain function that is set here is a share of which more is better.

    >>> found = Metrics({}, {"reach": Metric(lambda view, *, delta: delta)}, {"once": "reach@50"})
    >>> found["reach@75"].settings
    {'delta': 0.75}
    >>> "once" in found, "reach@100" in found, list(found)
    (True, False, [])
    >>> found["reach@75@class_mean"].over_classes
    True
    """

    def __init__(self, entries: Mapping[str, Entry], families: Mapping[str, Metric], old_names: Mapping[str, str]):
        self._entries = {name: as_metric(entry) for name, entry in entries.items()}
        self._families = families
        self._old_names = old_names

    def __getitem__(self, name: str) -> Metric:
        name = self._old_names.get(name, name)
        if name in self._entries:
            return self._entries[name]
        base = plain(name)
        if base != name and self[base].per_target:
            over = MEANS[str(name).removeprefix(base)]
            return replace(self[base], over_classes=over == "classes", over_groups=over == "groups")
        family, _, percent = str(name).partition("@")
        if family in self._families and PERCENT.fullmatch(percent):
            return at_delta(self._families[family], int(percent))
        raise KeyError(name)

    def __setitem__(self, name: str, entry: Entry) -> None:
        self._entries[name] = as_metric(entry)

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def plain(name: str) -> str:
    """A metric's name without what makes it a mean over classes or groups.

    >>> plain("maxboxacc@50@class_mean"), plain("maxboxacc@50@group_mean"), plain("maxboxacc@50")
    ('maxboxacc@50', 'maxboxacc@50', 'maxboxacc@50')
    """
    base, at, mean = str(name).rpartition("@")
    return base if at + mean in MEANS else str(name)
