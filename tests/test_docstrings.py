"""Every public name says what it takes and gives: shapes, units, errors, an example."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest
from raised import raised
from test_types import CALLABLES as EXPORTED
from test_types import function_of, public_functions

import nervos_sklearn

REFERENCE = Path(__file__).parent.parent / "docs" / "api" / "index.rst"

IN_MILLIVOLT = re.compile(r"potential$|spike_threshold$|adaptive_threshold$")
IN_STEPS = re.compile(r"^tau_|^time_step$|_time$|_duration$|_window$|^delta_t$")
NO_TIMES = {"test_time"}


def of_the_reference():
    """What the pages of the reference are about."""
    module = None
    for line in REFERENCE.read_text("utf-8").splitlines():
        if line.startswith(".. currentmodule::"):
            module = line.split()[-1]
        elif name := re.fullmatch(r"   ([\w.]+)", line):
            yield pkgutil.resolve_name(f"{module}.{name[1]}")


CALLABLES = list(of_the_reference())
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


def documented(thing):
    """The name, function and docstring of a function, or of a class and its public methods."""
    if not inspect.isclass(thing):
        yield thing.__name__, thing, thing.__doc__
        return
    if inspect.isfunction(thing.__init__):
        yield thing.__name__, thing.__init__, thing.__doc__
    for name in {function.__name__ for function in public_functions(thing)} - {"__init__"}:
        members = [vars(base)[name] for base in inspect.getmro(thing) if name in vars(base)]
        docs = [inspect.getdoc(member) or "" for member in members]
        yield name, function_of(members[0]), "\n".join(docs)


def of_family(cls):
    """The docstrings of a class of this package and of those that it extends."""
    bases = [base for base in inspect.getmro(cls) if base.__module__.startswith("nervos_sklearn")]
    return "\n".join(base.__doc__ or "" for base in bases)


def test_the_reference_has_what_is_public():
    rules, data = (importlib.import_module(f"nervos_sklearn.{n}") for n in ("stdp", "datasets"))
    functions = [
        thing
        for module in (rules, data)
        for name, thing in inspect.getmembers(module, inspect.isfunction)
        if thing.__module__ == module.__name__ and not name.startswith("_")
    ]
    assert [thing for thing in [*EXPORTED, *functions] if thing not in CALLABLES] == []


@pytest.mark.parametrize("thing", CALLABLES, ids=lambda thing: thing.__name__)
def test_errors_are_named(thing):
    cls = thing if inspect.isclass(thing) else None
    missing = {
        name: [error for error in raised(function, cls) if not re.search(rf"\b{error}\b", doc)]
        for name, function, doc in documented(thing)
        if function is not None
    }
    assert {name: errors for name, errors in missing.items() if errors} == {}


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


@pytest.mark.parametrize("thing", CALLABLES, ids=lambda thing: thing.__name__)
def test_sources_are_cited_where_they_are_used(thing):
    text = inspect.cleandoc(thing.__doc__)
    listed = re.findall(r"^\.\. (\[\d+\])", text, re.MULTILINE)
    assert listed == [f"[{k + 1}]" for k in range(len(listed))]
    assert set(re.findall(r"(\[\d+\])_", text)) == set(listed)


def set_by_methods(cls):
    """The names of the public attributes that a class gives its objects."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(cls)))):
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if stored and getattr(node.value, "id", "") == "self" and not node.attr.startswith("_"):
            yield node.attr


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_attribute_is_explained(cls):
    bases = [base for base in inspect.getmro(cls) if base.__module__.startswith("nervos_sklearn")]
    known = {
        name
        for base in bases
        for section in ("Parameters", "Attributes")
        for name in fields(base.__doc__ or "", section)
    }
    properties = {name for name, function, doc in methods(cls) if function is None and doc}
    assert {name for base in bases for name in set_by_methods(base)} - known - properties == set()


@pytest.mark.parametrize(
    "function", [f for f in CALLABLES if f not in CLASSES], ids=lambda f: f.__name__
)
def test_functions_say_what_they_return(function):
    if inspect.signature(function).return_annotation not in (None, "None"):
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


class Base:
    def look(self):
        raise LookupError


class Example(Base):
    @property
    def size(self):
        raise ValueError("none")

    def look(self):
        self._check(1)
        super().look()

    def _check(self, x):
        check_is_fitted(self)
        _refuse(x)


def _refuse(x):
    if not x:
        raise TypeError(f"got {x}")
    try:
        nervos_sklearn.common.timenow()
    except KeyError as error:
        raise error


def check_is_fitted(x):
    pass


def test_errors_are_found(monkeypatch):
    network = nervos_sklearn.SNNClassifier
    assert raised(network.predict, network) == {"NotFittedError", "ValueError"}
    ours = Base, Base.look, Example, Example.look, Example._check, Example.size.fget, _refuse
    for thing in ours:
        monkeypatch.setattr(thing, "__module__", "nervos_sklearn.example")
    found = {name: raised(function, Example) for name, function, _ in documented(Example)}
    assert found == {
        "look": {"LookupError", "NotFittedError", "TypeError"},
        "size": {"ValueError"},
    }


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
