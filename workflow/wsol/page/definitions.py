"""What every number of the page means, and what it was made with: metrics, failure kinds, decisions, runs."""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS
from wsol.maps.refiners import REFINERS
from wsol.page.seen import SeenBoard
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.thresholds import THRESHOLDS
from wsol.scores.failures import FAILURES, RULES
from wsol.scores.metrics import metric

DIRECTIONS = {True: "higher is better", False: "lower is better", None: "neither high nor low is better"}


class Definition(NamedTuple):
    """One entry: what leads to it (`about`), what it says, and the further entries that belong to it."""

    about: str
    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    code: str = ""
    includes: tuple[str, ...] = ()


def definitions(evaluations: Iterable[SeenBoard], described: Mapping[str, Any]) -> list[Definition]:
    """Every entry of the page: of metrics, of failure kinds, of runs, and of the decisions that runs are made of."""
    everything = list(evaluations)
    metrics = dict.fromkeys(name for seen in everything for name in seen.board.metrics)
    rules = {rule for seen in everything if len(seen.failures) for rule in seen.failures["rule"]}
    return [
        *map(_metric, metrics),
        *(_kind(rule, kind, text) for rule in FAILURES if rule in rules for kind, text in FAILURES[rule].items()),
        *_evaluations(everything, described),
        *_runs(everything, described),
        *(_decision(name, settings) for name, settings in described.get("settings", {}).items()),
    ]


def _metric(name: str) -> Definition:
    measure = metric(name)
    text, code = documented(measure.function)
    facts: tuple[tuple[str, str], ...] = (
        ("unit", measure.unit),
        ("direction", DIRECTIONS[measure.higher_is_better]),
    )
    if measure.over_groups:
        facts += (("averaged", "over the targets of each group (a patient, an image), and then over those groups"),)
    if measure.over_classes:
        facts += (("averaged", "over the targets of each class that occurs, and then over those classes"),)
    settings = tuple((key, str(value)) for key, value in measure.settings.items())
    return Definition(f"metric:{name}", name, text, (*facts, *settings), code)


def _kind(rule: str, kind: str, text: str) -> Definition:
    facts = (("rule", RULES[rule]), ("unit", "% of the targets with true boxes"))
    return Definition(f"kind:{rule}:{kind}", kind.replace("_", " "), text, facts)


def _evaluations(everything: Iterable[SeenBoard], described: Mapping[str, Any]) -> Iterator[Definition]:
    """Of each evaluation its protocol and settings, and the command that makes its numbers."""
    known = {run["evaluation"]: dict(run["decisions"]).get("evaluation", "") for run in described.get("runs", [])}
    made = described.get("command", "")
    for seen in everything:
        name = seen.board.evaluation
        facts = [("reported on", seen.board.dataset), *([("made by", made)] if made else [])]
        includes = (f"decision:{known[name]}",) if known.get(name) else ()
        yield Definition(f"evaluation:{name}", f"evaluation {name}", "", tuple(facts), "", includes)


def _runs(everything: Iterable[SeenBoard], described: Mapping[str, Any]) -> Iterator[Definition]:
    known = {(run["evaluation"], run["name"]): run["decisions"] for run in described.get("runs", [])}
    made = described.get("command", "")
    for seen in everything:
        for name, called in seen.called.items():
            decisions = known.get((seen.board.evaluation, name), [])
            facts = [*decisions, *([("made by", made)] if made else [])]
            # The evaluation has an entry of its own; of several trainings the first one's settings are told.
            includes: dict[str, str] = {}
            for kind, part in decisions:
                if kind != "evaluation":
                    includes.setdefault(kind, part)
            about = f"run:{seen.board.evaluation}:{called}"
            yield Definition(
                about, called, "", tuple(facts), "", tuple(f"decision:{part}" for part in includes.values())
            )


def _decision(name: str, settings: Mapping[str, Any]) -> Definition:
    """A decision's settings, and what the methods and the protocol that it names say of themselves."""
    methods = {**CAMS, **CONTROLS, **THRESHOLDS, **REFINERS}
    inner = [settings.get(key) or {} for key in ("threshold", "refine")]
    named: list[Any] = [methods.get(each.get("method", "")) for each in (settings, *inner)]
    words = [documented(getattr(method, "function", method))[0] for method in named if method]
    if protocol := PROTOCOLS.get(settings.get("protocol", "")):
        words.append(documented(inspect.getmodule(type(protocol)))[0])
    code = json.dumps(settings, indent=2, sort_keys=True, default=str)
    return Definition(f"decision:{name}", name, "\n\n".join(words), (), code)


def documented(function: Any) -> tuple[str, str]:
    """A docstring's words, and its examples; ("", "") for none.

    >>> def half(x):
    ...     '''Half of it.
    ...
    ...     >>> half(1)
    ...     0.5
    ...     '''
    >>> documented(half)
    ('Half of it.', '>>> half(1)\\n0.5')
    """
    text = inspect.getdoc(function) or ""
    words, mark, examples = text.partition(">>>")
    lines = re.sub(r"(?<!\n)\n(?!\n)", " ", words.strip())  # a line ends where the page's does
    return lines, f"{mark}{examples}".strip()
