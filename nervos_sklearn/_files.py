"""Files that are written whole or not at all."""

import contextlib
import json
import os
import pathlib
import stat
import tempfile
from collections.abc import Callable

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]


def write_atomically(path: str, write: Callable) -> None:
    """Write a file so that the path holds the old content or the new one, never a part.

    A file that is replaced keeps its mode, and a symbolic link is written through.
    What a writer that was killed has left in the directory is removed. Where there
    is no file to keep, as for a device or a pipe, the content is written directly.

    Parameters
    ----------
    path : str
        The file to make or to replace.
    write : callable
        Called with a binary file to write to.

    Raises
    ------
    OSError
        If the directory does not exist or cannot be written to.
    """
    path = os.path.realpath(os.fsdecode(path))
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG | (0o666 & ~_umask())
    if not stat.S_ISREG(mode):
        with open(path, "wb") as file:
            write(file)
        return
    directory = os.path.dirname(path)
    _remove_abandoned(directory)
    handle, unfinished = _unfinished_file(directory)
    try:
        with _locked(handle):
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(unfinished, stat.S_IMODE(mode))
            os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


_UNFINISHED = {"prefix": ".nervos_sklearn-", "suffix": ".unfinished"}


def _unfinished_file(directory):
    """Make a file to write to, locked to show that its writer lives."""
    while True:
        handle, path = tempfile.mkstemp(dir=directory, **_UNFINISHED)
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, path
        os.close(handle)  # somebody took it for abandoned before it was locked


@contextlib.contextmanager
def _locked(handle):
    """Keep the lock of a handle that the block closes."""
    if fcntl is None:
        yield
        return
    copy = os.dup(handle)
    try:
        yield
    finally:
        os.close(copy)


def _remove_abandoned(directory):
    """Remove the files of writers that live no more."""
    for path in pathlib.Path(directory).glob("*".join(_UNFINISHED.values())):
        with contextlib.suppress(OSError):  # in use, finished by now, or of another user
            if fcntl is None:
                path.unlink()
                continue
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def _umask():
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def write_json(parameters: dict, indent: int | None = None) -> str:
    """Write settings as JSON, or raise ValueError if it cannot hold them."""
    try:
        return json.dumps(parameters, allow_nan=False, indent=indent)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the parameters cannot be written as JSON: {error}") from error
