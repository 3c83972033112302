"""METHODS: what a training does otherwise than a plain fit of its labels; one file and one line here for each."""

from collections.abc import Callable

from wsol.training.methods.method import Method

METHODS: dict[str, Callable[..., Method]] = {
    "plain": Method,
}
