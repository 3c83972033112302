"""What a training writes into its job's log: a line for each epoch, which `terminal.joblog` reads for who looks on."""

from collections.abc import Mapping


def epoch(row: Mapping[str, float], epochs: int, seconds: float) -> str:
    """The line of one epoch of `epochs`: its row of the history, and the seconds that it took.

    A loss that is no number any more is told as it is; what no validation data set has measured is left out.

    >>> epoch({"epoch": 2, "loss": 0.96571, "accuracy": 0.635, "rate": 0.01}, 50, 17.23)
    'epoch 3/50 loss 0.9657 accuracy 0.6350 rate 0.01 17.2 s'
    """
    said = [f"epoch {int(row['epoch']) + 1}/{epochs}", f"loss {row['loss']:.4f} accuracy {row['accuracy']:.4f}"]
    accuracy = row.get("validation_accuracy")
    if accuracy is not None and accuracy == accuracy:
        said.append(f"validation loss {row['validation_loss']:.4f} accuracy {accuracy:.4f}")
    return " ".join([*said, f"rate {row['rate']:.4g}", f"{seconds:.1f} s"])


def resumed(done: int, epochs: int) -> str:
    """The first line of a job that goes on where another was ended.

    >>> resumed(12, 50)
    'epochs 12/50 were done before'
    """
    return f"epochs {done}/{epochs} were done before"
