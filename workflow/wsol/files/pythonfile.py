"""A user's Python file, run as a module of its own."""

import types
from pathlib import Path

from wsol.errors import ConfigError


def run(where: str, file: str, name: str) -> types.ModuleType:
    """The file as a module, run anew: Python's own cache would miss an edit of the same second and size.

    A ConfigError, which begins with `where`, for what is no Python, cannot be read or raises as it is run.
    """
    module = types.ModuleType(name)
    module.__file__ = file
    try:
        code = compile(Path(file).read_bytes(), file, "exec")
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ConfigError(f"{where}{line}: is no Python: {getattr(error, 'msg', error)}.") from error
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read ({error.strerror}).") from error
    try:
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:  # whatever a user's code may raise
        said = f"{type(error).__name__}: {error}".rstrip(".: ")
        raise ConfigError(f"{where}: raises on import: {said}.") from error
    return module
