"""What is settled before any library that runs networks is loaded: bytes, threads, and the card."""

from wsol import processor
from wsol.networks import device, portable
from wsol.networks.pytorch import network as torchnetwork


def deterministic(
    threads: int | None = None,
    instructions: processor.Instructions = "native",
    gpus: int = 0,
    deterministic: bool = True,
    torch: bool = False,
) -> str:
    """The same bytes from the same input: before TensorFlow, or else `torch`, is loaded and any model is built.

    `threads` fixes how sums are split; with `instructions` portable it is the same bytes on another processor too, but
    not on a card. Not `deterministic`, TensorFlow takes operations whose last digits differ from run to run, which
    some cards need. Says in a line what networks run on.
    """
    processor.settle_networks(instructions)
    if torch:
        return torchnetwork.deterministic(threads, gpus, deterministic)
    import keras
    import tensorflow as tf

    said = device.settle(gpus)
    keras.mixed_precision.set_global_policy("float32")
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    if instructions == "portable":
        portable.portable()
    return said if deterministic else f"{said}, not deterministic"
