"""For programs that people start by hand: what TensorFlow says while it starts reaches no one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import TextIO

from wsol.errors import InputError
from wsol.job import stderr_into


@contextmanager
def quiet() -> Iterator[TextIO]:
    """Without what libraries write to standard error, also past Python; after a failure of ours it is shown.

    Gives standard error as it was, for what is ours to say. An InputError says by itself what is wrong.
    """
    with TemporaryFile("w+", errors="replace") as chatter:
        try:
            with stderr_into(chatter) as terminal:
                yield terminal
        except InputError:
            raise
        except Exception:
            chatter.seek(0)
            sys.stderr.write(chatter.read())
            raise
