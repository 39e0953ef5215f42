"""Every public function, method and constructor says the types of what it takes and gives."""

import inspect
from functools import cached_property

import pytest

import nervos_sklearn

PUBLIC = [getattr(nervos_sklearn, name) for name in nervos_sklearn.__all__]
CALLABLES = [thing for thing in PUBLIC if inspect.isclass(thing) or inspect.isfunction(thing)]


def function_of(member):
    """The function behind a method, a property, ...; None if it is none of these."""
    if isinstance(member, property):
        return member.fget
    if isinstance(member, cached_property):
        return member.func
    member = inspect.unwrap(getattr(member, "__func__", member))
    return member if inspect.isfunction(member) else None


def public_functions(thing):
    if inspect.isfunction(thing):
        yield thing
        return
    for base in inspect.getmro(thing):
        if not base.__module__.startswith("nervos_sklearn"):
            continue
        for name, member in vars(base).items():
            function = function_of(member)
            if function is not None and (name == "__init__" or not name.startswith("_")):
                yield function


def untyped(function):
    """Names of the parameters without a type, and "return"."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if "." in function.__qualname__ and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    names = [p.name for p in parameters if p.annotation is inspect.Parameter.empty]
    gives = signature.return_annotation is inspect.Signature.empty
    return names + ["return"] * (gives and function.__name__ != "__init__")


@pytest.mark.parametrize("thing", CALLABLES, ids=lambda thing: thing.__name__)
def test_everything_public_has_types(thing):
    missing = {
        f.__qualname__: untyped(f)
        for f in public_functions(thing)
        if f.__module__.startswith("nervos_sklearn")
    }
    assert {name: names for name, names in missing.items() if names} == {}


def test_a_type_that_lacks_is_found():
    class Example:
        def __init__(self, first, second: int = 0):
            pass

        @property
        def third(self):
            pass

        @classmethod
        def fourth(cls, x: int, *rest, key=None) -> int:
            pass

    Example.__module__ = "nervos_sklearn.example"
    found = {f.__name__: untyped(f) for f in public_functions(Example)}
    assert found == {"__init__": ["first"], "third": ["return"], "fourth": ["rest", "key"]}
