"""Which exceptions a function raises, as its source says."""

import ast
import functools
import inspect

from test_types import function_of

OF_SCIKIT_LEARN = {
    "_fit_context": {"ValueError"},
    "_validate_params": {"ValueError"},
    "check_array": {"ValueError"},
    "check_is_fitted": {"NotFittedError"},
    "check_scalar": {"TypeError", "ValueError"},
    "validate_data": {"ValueError"},
}


def name_of(node):
    return getattr(node, "attr", getattr(node, "id", None))


def called(node, function, cls):
    """The function of this package that is called, if the name says which one it is."""
    name, owner = name_of(node), getattr(node, "value", None)
    if isinstance(node, ast.Name):
        found = function.__globals__.get(name)
    else:
        found = member(name, bases_meant(owner, function, cls))
    found = None if found is None or inspect.isclass(found) else function_of(found)
    is_ours = getattr(found, "__module__", "").startswith("nervos_sklearn")
    return found if is_ours and "_kernels" not in found.__module__ else None


def bases_meant(owner, function, cls):
    """The classes in which a method of `self`, `cls` or `super()` is looked for."""
    bases = inspect.getmro(cls) if cls else ()
    if name_of(owner) in ("self", "cls"):
        return bases
    if name_of(getattr(owner, "func", None)) == "super":
        own = function.__qualname__.split(".")[0]
        return bases[1 + [base.__qualname__ for base in bases].index(own) :]
    return ()


def member(name, bases):
    return next((vars(base)[name] for base in bases if name in vars(base)), None)


@functools.cache
def raised(function, cls=None):
    """The names of the exceptions that a function raises, itself or by what it calls."""
    return _raised(function, cls, frozenset())


def _raised(function, cls, callers):
    source = inspect.getsource(function)
    tree = ast.parse(f"if True:\n{source}" if source[0] == " " else source)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            names.add(name_of(getattr(node.exc, "func", node.exc)))
        elif isinstance(node, ast.Call):
            names |= OF_SCIKIT_LEARN.get(name_of(node.func), set())
            inner = called(node.func, function, cls)
            if inner is not None and inner not in callers:
                names |= _raised(inner, cls, callers | {function})
    if function.__name__ == "fit":
        names.discard("NotFittedError")  # of what it asks itself when it is done
    return {name for name in names if name[0].isupper()}  # not an exception that is passed on
