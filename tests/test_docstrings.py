"""Every public name says what it takes and gives: shapes, units, errors, an example."""

import inspect
import re

import pytest
from test_types import CALLABLES, public_functions

import nervos_sklearn

IN_MILLIVOLT = re.compile(r"potential$|spike_threshold$|adaptive_threshold$")
IN_STEPS = re.compile(r"^tau_|^time_step$|_time$|_duration$|_window$|^delta_t$")
NO_TIMES = {"test_time"}
CLASSES = [thing for thing in CALLABLES if inspect.isclass(thing)]


def sections(doc):
    """The sections of a docstring: name and text."""
    parts = re.split(r"^(\w+)\n-{3,}\n", inspect.cleandoc(doc), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fields(doc, section):
    """What a section says of each name."""
    found = {}
    text = sections(doc).get(section, "") + "\n"
    for head, rest in re.findall(r"^(\S.*)\n?((?:(?: .*)?\n)*)", text, re.MULTILINE):
        for name in head.partition(" : ")[0].split(","):
            found[name.strip().lstrip("*")] = head + "\n" + rest
    return found


def parameters(thing):
    return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls")]


def methods(cls):
    """The name, function (None for a property) and docstring of public methods."""
    for name in sorted({function.__name__ for function in public_functions(cls)} - {"__init__"}):
        member = inspect.getattr_static(cls, name)
        function = None if isinstance(member, property) else inspect.unwrap(getattr(cls, name))
        yield name, function, inspect.getdoc(getattr(cls, name)) or ""


def of_family(cls):
    """The docstrings of a class of this package and of those that it extends."""
    bases = [base for base in inspect.getmro(cls) if base.__module__.startswith("nervos_sklearn")]
    return "\n".join(base.__doc__ or "" for base in bases)


@pytest.mark.parametrize("thing", CALLABLES, ids=lambda thing: thing.__name__)
def test_there_is_an_example(thing):
    assert ">>> " in sections(thing.__doc__).get("Examples", "")


@pytest.mark.parametrize("thing", CALLABLES, ids=lambda thing: thing.__name__)
def test_every_parameter_is_explained(thing):
    if thing is not nervos_sklearn.Learning:  # it has none
        assert list(fields(thing.__doc__, "Parameters")) == parameters(thing)


@pytest.mark.parametrize("thing", CALLABLES, ids=lambda thing: thing.__name__)
@pytest.mark.parametrize("section", ["Parameters", "Attributes", "Returns"])
def test_arrays_have_shapes_and_numbers_units(thing, section):
    for name, text in fields(thing.__doc__, section).items():
        if re.search(r"^\S* : (list of )?(ndarray|array-like)", text):
            assert "shape" in text, name
        if IN_MILLIVOLT.search(name):
            assert "mV" in text, name
        if IN_STEPS.search(name) and name not in NO_TIMES:
            assert re.search(r"\bms\b|steps", text), name


@pytest.mark.parametrize(
    "function", [f for f in CALLABLES if f not in CLASSES], ids=lambda f: f.__name__
)
def test_functions_say_what_they_return(function):
    if inspect.signature(function).return_annotation is not None:
        assert "Returns" in sections(function.__doc__)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_methods_say_what_they_are_given(cls):
    family = of_family(cls)
    for name, function, doc in methods(cls):
        if function is None:  # a property: an attribute of the class
            assert doc or re.search(rf"\b{name}\b", family), name
            continue
        assert doc, name
        if "parameters are those of :meth:" not in doc:
            known = doc + family
            assert [x for x in parameters(function) if not re.search(rf"\b{x}\b", known)] == [], (
                name
            )


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_methods_say_the_shape_of_arrays_they_return(cls):
    family = of_family(cls)
    for name, function, doc in methods(cls):
        if function and "ndarray" in str(inspect.signature(function).return_annotation):
            described = re.search(rf"`{name}` \(n_", family.replace("\n", ""))
            assert "shape" in doc or "(n_" in doc or described, name


def test_what_lacks_is_found():
    text = """Do it.

    Parameters
    ----------
    first, second : float
        In mV.
    *rest
        More.

    Returns
    -------
    ndarray of shape (n,)
    """
    assert list(fields(text, "Parameters")) == ["first", "second", "rest"]
    assert "mV" in fields(text, "Parameters")["second"]
    assert fields(text, "Examples") == {}
    assert "shape" in sections(text)["Returns"]
