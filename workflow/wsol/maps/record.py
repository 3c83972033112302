"""One record per CAM: its function, what it asks of the network, and the refusal of settings that do not fit it."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from wsol.errors import ConfigError
from wsol.files.predict import ARRAYS, CLASSLESS
from wsol.maps.channels import Array

RIVALS = 3  # similar classes, where nothing is said: as many as Finer-CAM's authors have
Evidence = Literal["gradient", "ablation", "scorecam", "occlusion", "rise", "attention", "acol"]


@dataclass(frozen=True)
class Cam:
    """A method. Called, it is its function: `CAMS[name](activations, gradients, **settings) -> [n h w]`.

    The function's positional parameters name the arrays that it takes, of those that its evidence brings
    (`files.predict.ARRAYS`); its keyword parameters are its settings.

    >>> Cam(lambda activations, gradients: gradients).arrays
    ('activations', 'gradients')
    """

    function: Callable[..., Array]
    evidence: Evidence = "gradient"  # what `predict` must have asked of the network; the method takes no other
    score: Literal["logit", "probability"] | None = None  # the one it is defined on; None where the user chooses
    linear: bool = True  # of one that takes gradients: twice the gradients are twice the map

    def __post_init__(self) -> None:
        # A misspelt array is refused where it is written, not in the first heatmap job.
        for name in self.arrays:
            if name not in ARRAYS[self.evidence]:
                known = ", ".join(ARRAYS[self.evidence])
                hint = "A setting stands behind '*', with a type: (activations, *, power: float = 2.0)."
                raise ConfigError(f"cams: evidence '{self.evidence}' has no '{name}'. Known: {known}. {hint}")

    def __call__(self, *arrays: Array, **settings: Any) -> Array:
        """The maps [n h w]; a ConfigError where the function gives anything else."""
        found = self.function(*arrays, **settings)
        if np.shape(found) != arrays[0].shape[:3]:
            given = f"maps {list(arrays[0].shape[:3])}, got {list(np.shape(found))}"
            raise ConfigError(f"cams: '{self.function.__name__}' must give {given}.")
        return found

    @property
    def __wrapped__(self) -> Callable[..., Array]:
        """By this name `inspect.signature` reads the function's parameters from the record."""
        return self.function

    @property
    def arrays(self) -> tuple[str, ...]:
        """The arrays that the method takes, in order."""
        known = inspect.signature(self.function).parameters.values()  # settings are the keyword-only ones
        return tuple(p.name for p in known if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY))

    @property
    def brings(self) -> Literal["gradients", "channel weights", "finished maps"]:
        """What the network gives for a target, beside the activations of its image."""
        if "activations" not in ARRAYS[self.evidence]:
            return "finished maps"
        return "gradients" if self.evidence == "gradient" else "channel weights"

    @property
    def sees_class(self) -> bool:
        """Whether the map depends on which class is explained; else the method looks at what is the same for all."""
        return not set(self.arrays) <= set(CLASSLESS)

    @property
    def sees_similar(self) -> bool:
        """Whether the map depends on which classes are similar to the explained one."""
        return "similar_class_gradients" in self.arrays

    @property
    def shared(self) -> bool:
        """Whether values are shares of a score, which behind a mean are the smaller the more places a map has."""
        return self.linear and "gradients" in self.arrays

    @property
    def takes_score(self) -> bool:
        """Whether the user chooses the score that is explained."""
        return self.sees_class and self.score is None

    def unused(self, name: str) -> Iterator[tuple[str, str]]:
        """What this method, called `name`, does not ask of a network: (setting, why)."""
        if not self.sees_class:
            seen = "activations" if "activations" in self.arrays else "attention"
            yield "score", f"'{name}' looks at the {seen} alone"
            yield "explain", f"'{name}' looks at the {seen} alone"
        if self.evidence == "acol":
            yield "layer", f"'{name}' looks at the class maps of its own head"
        if self.score is not None:
            yield "score", f"'{name}' is defined on one score"

    def asked(self, where: str, name: str, own: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
        """The evidence to ask for: this method's, with its `own` settings, else with the backbone's `usual` ones.

        A ConfigError for evidence that this method, called `name`, does not take; `where` is the setting.
        """
        if own.get("method", self.evidence) != self.evidence:
            raise ConfigError(f"{where}: {name} needs '{self.evidence}', got '{own['method']}'.")
        if "similar" in own and not self.sees_similar:
            raise ConfigError(f"{where}.similar: '{name}' has no rivals; leave it out.")
        # The backbone's own settings are of its own evidence; another kind starts from its defaults.
        backbones = usual if usual["method"] == self.evidence else {"method": self.evidence}
        found = {**backbones, **own}
        if self.sees_similar and not found.setdefault("similar", RIVALS):
            raise ConfigError(f"{where}.similar: {name} needs at least 1, got 0.")
        return found if self.sees_similar else {key: found[key] for key in found if key != "similar"}


def cam_of(entry: Cam | Callable[..., Array]) -> Cam:
    """A record as it is; a plain function as a method of gradients, whose score the user chooses.

    >>> def summed(activations, gradients):
    ...     return (activations * gradients).sum(axis=3)
    >>> cam_of(summed).evidence
    'gradient'
    """
    return entry if isinstance(entry, Cam) else Cam(entry)


class Registry(dict[str, Cam]):
    """Records by name. A plain function that is put into it becomes a record (`cam_of`).

    >>> methods = Registry()
    >>> methods["last"] = lambda activations: activations[..., -1]
    >>> methods["last"].sees_class
    False
    """

    def __setitem__(self, name: str, entry: Cam | Callable[..., Array]) -> None:
        super().__setitem__(name, cam_of(entry))
