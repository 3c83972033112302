"""What a network runs on: the processor, or one card (GPU) that the job has to itself.

TensorFlow takes every card that it sees, and all of its memory. So a job that asks for none sees none, and one that
asks for a card sees one, of those that CUDA_VISIBLE_DEVICES leaves, whose memory it takes as it needs it.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wsol import processor
from wsol.errors import ConfigError, InputError
from wsol.networks.models.architectures import brief

VISIBLE = "CUDA_VISIBLE_DEVICES"
FIRST_COME = "SLURM_JOB_ID"  # where this is set a job has been given its cards by the cluster
DETERMINISM = re.compile(r"[Dd]etermini")
FIRST = re.compile(r"only supports? (?:the )?NHWC")  # of TensorFlow's operations for processors, in words of their own
NO_MEMORY = re.compile(r"OOM when allocating|failed to allocate memory|ResourceExhausted")
HALVES = re.compile(r"could not create a primitive descriptor")  # oneDNN's, of bfloat16 without AVX-512

_held: list[int] = []  # locks of the cards that this process has
_chosen: list[str] = []  # what this process runs networks on, once that is settled


def settle(gpus: int) -> str:
    """Show TensorFlow one card or none, before its first operation; says in a line of a log what networks run on.

    A ConfigError where a card is asked for and none is to be seen. On a machine with several cards a job takes the
    first that no other job of this user has, and waits where all are taken; a cluster has given it its own.
    """
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    if not gpus:
        hide()
        return processor.described()
    if not cards:
        raise ConfigError(f"gpus: TensorFlow sees no card here{_why()}; say `gpus: 0`, or install `.[cuda]`.")
    place = 0 if FIRST_COME in os.environ or len(cards) == 1 else _free(_names(len(cards)))
    card = cards[place]
    tf.config.set_visible_devices([card], "GPU")
    tf.config.experimental.set_memory_growth(card, True)
    _chosen.append(card.name)
    kind = tf.config.experimental.get_device_details(card).get("device_name", "a card")
    return f"device: {kind}, card {_names(len(cards))[place]} of {len(cards)}; {processor.described()}"


def hide() -> None:
    """Networks that nobody settled a device for run on the processor."""
    import tensorflow as tf

    if _chosen or not tf.config.list_physical_devices("GPU"):
        return
    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError:  # it has begun already: whoever let it has chosen
        _chosen.append("begun")


def _why() -> str:
    given = os.environ.get(VISIBLE)
    return "" if given is None else f" ({VISIBLE} is '{given}')"


def _names(cards: int) -> list[str]:
    """What the machine calls the cards that are to be seen."""
    given = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    return given if len(given) == cards else [str(place) for place in range(cards)]


def _free(names: Sequence[str]) -> int:
    """The place of the first card that no other process holds, held from now on until this process ends."""
    folder = Path(tempfile.gettempdir())
    files = [os.open(folder / f"wsol-{os.getuid()}-card-{_safe(name)}.lock", os.O_RDWR | os.O_CREAT) for name in names]
    for place, file in enumerate(files):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        _held.append(file)
        return place
    fcntl.flock(files[0], fcntl.LOCK_EX)
    _held.append(files[0])
    return 0


def _safe(name: str) -> str:
    return re.sub(r"\W", "_", name)


@contextmanager
def told() -> Iterator[None]:
    """What a device cannot do as one line, a ConfigError; any other error as it is."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if said := refusal(error):
            raise ConfigError(said) from error
        raise


def refusal(error: Exception) -> str:
    """The line of an error by which TensorFlow says that it has no code for what was asked, "" of any other."""
    text = str(error)
    if DETERMINISM.search(text):
        return (
            "deterministic: TensorFlow has no form of an operation that gives the same bytes each time here; say "
            f"`deterministic: false`, and the last digits differ from run to run ({_sentence(text, DETERMINISM)})."
        )
    if FIRST.search(text):
        return (
            "model: TensorFlow has no code for processors of an operation with channels first; run it on a card "
            f"(`gpus: 1`), or give the model as a Keras file in float32 ({_sentence(text, FIRST)})."
        )
    if HALVES.search(text):
        return (
            "precision: the processor's instructions have no code for an operation in half precision; say `precision: "
            f"float32`, or with a processor that has it `instructions: native` ({_sentence(text, HALVES)})."
        )
    if NO_MEMORY.search(text) or type(error).__name__ == "ResourceExhaustedError":
        return f"batch: the device has no memory for as many images at once; say a smaller `batch` ({brief(error)})."
    return ""


def _sentence(text: str, what: re.Pattern) -> str:
    """The line of an error in which something stands, without what TensorFlow puts around it."""
    line = next(line for line in text.splitlines() if what.search(line))
    return re.sub(r"\x1b\[\d*m|\{\{.*?\}\}|\[Op:.*", "", line).strip(" .")[:200]
