"""How the loops are compiled, and when the result that is kept on disk may be used.

numba's cache watches the file of a compiled function only, while its code may hold
parts and constants of other files. Here what is kept belongs to one state of this
room: its name carries a digest of all its sources, which import nothing of the rest.
A cache that cannot be read or written costs time, and never an answer.
"""

import functools
import hashlib
import importlib.resources
import logging
import sys
from pathlib import Path

import numba
import numpy as np
import scipy
from numba.core.sigutils import normalize_signature

_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def compiled(function):
    """Compile a function on its first call; keep the result on disk where that is possible."""
    try:
        dispatcher = numba.njit(cache=True, **_OPTIONS)(function)
        dispatcher._cache = _Cache(function, dispatcher._cache)
    except Exception as error:  # no place for a cache, or a numba that keeps it differently
        dispatcher = numba.njit(**_OPTIONS)(function)
        dispatcher._cache = _NoCache(getattr(dispatcher, "_cache", None), error)
    return dispatcher


def part(function=None, **options):
    """Compile a function that is a part of others only; what is kept on disk are those."""
    if function is None:
        return lambda function: part(function, **options)
    return numba.njit(**_OPTIONS, **options)(function)


class _Cache:
    """numba's cache of one function, for the present sources, without its failures.

    Files of other sources have other names, so that neither a writer killed half way
    nor a process that still runs the old code can leave them in place of new ones.
    """

    def __init__(self, function, cache):
        file = cache._cache_file
        place = (file._source_stamp, function.__code__.co_firstlineno)
        digest = hashlib.sha256(f"{place} {_digest_of_room()}".encode()).hexdigest()[:20]
        tag = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}.{tag}"
        self._name = name.replace("<", "").replace(">", "")  # not allowed on Windows
        self._current = f"{self._name}-{digest}"
        cache._cache_file = type(file)(cache.cache_path, self._current, digest)
        self._cache = cache

    def __getattr__(self, name):
        return getattr(self._cache, name)

    def load_overload(self, signature, target_context):
        try:
            result = self._cache.load_overload(signature, target_context)
            # Processes that save at once may swap the files of two signatures.
            if result is None or result.signature.args == normalize_signature(signature)[0]:
                return result
        except Exception as error:  # whatever damaged bytes make of a pickle
            _say_once(f"what is kept in {self.cache_path} cannot be read: {error!r}")
        return None

    def save_overload(self, signature, result):
        try:
            self._remove_outdated()
            try:
                self._cache.save_overload(signature, result)
            except Exception:  # an unreadable index: begin anew
                self._cache.flush()
                self._cache.save_overload(signature, result)
        except Exception as error:
            _say_once(f"nothing can be kept in {self.cache_path}: {error!r}")

    def _remove_outdated(self):
        for path in Path(self.cache_path).glob("*.nb[ic]"):
            if path.name.startswith(f"{self._name}-") and self._current not in path.name:
                path.unlink(missing_ok=True)


class _NoCache:
    """In place of a cache where there can be none; says so when a result would be kept."""

    def __init__(self, empty, reason):
        self._empty, self._reason = empty, reason

    def __getattr__(self, name):
        return getattr(self._empty, name)

    def save_overload(self, signature, result):
        _say_once(f"nothing can be kept: {self._reason}")


@functools.cache
def _digest_of_room():
    """Digest the sources, and the versions of what gives them constants and machine code."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {scipy.__version__}".encode())
    sources = importlib.resources.files(__package__).iterdir()
    for source in sorted(sources, key=lambda source: source.name):
        if source.name.endswith(".py"):
            digest.update(f"\0{source.name}\0".encode() + source.read_bytes())
    return digest.hexdigest()


_said = False


def _say_once(what):
    """Log, rather than warn: a warning may be an error, and this must not stop a fit."""
    global _said
    if not _said:
        _said = True
        logging.getLogger("nervos_sklearn").warning(
            "compiling loops anew, which takes some seconds: %s. The environment variable "
            "NUMBA_CACHE_DIR names another directory to keep them in.",
            what,
        )
