"""What of scikit-learn is not public, or not in every version supported, in one place.

Its template for third-party estimators recommends the private names; they may move.
"""

import copy
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sklearn import base
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9 there is nobody to tell

    class _NoContext:
        def subcontext(self, **task: Any) -> "_NoContext":
            return self

        def call_on_fit_task_begin(self, **state: Any) -> "_NoContext":
            return self

        def call_on_fit_task_end(self, **state: Any) -> bool:
            return False

        def propagate_callback_context(self, part: Any) -> AbstractContextManager:
            return nullcontext()

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Let an estimator tell of its epochs although nobody listens."""

        def _init_callback_context(self, **task: Any) -> _NoContext:
            return _NoContext()

    def with_callbacks(method: Callable) -> Callable:
        """Leave a method as it is."""
        return method


class Estimator(base.BaseEstimator):
    """The base of the estimators here; their pictures in a notebook link to their pages.

    Where there are `_parameter_groups`, names under titles, pictures show a table for each.
    """

    _doc_link_module = "nervos_sklearn"
    _doc_link_template = (
        "https://nervos-sklearn.readthedocs.io/en/stable/api/generated/"
        "nervos_sklearn.{estimator_name}.html"
    )

    def _get_params_html(self, *args: Any, **kwargs: Any) -> Any:
        params = super()._get_params_html(*args, **kwargs)
        groups = getattr(self, "_parameter_groups", None)
        return params if groups is None else _in_groups(params, groups)


def _in_groups(params: Any, groups: dict[str, tuple[str, ...]]) -> Any:
    """Let parameters appear as a table for each group; parameters of parameters go with theirs."""
    whole = type(params)._html_repr

    def of_group(title, names):
        part = copy.copy(params)
        part.data = {k: v for k, v in params.items() if k.split("__")[0] in names}
        return whole(part).replace("Parameters", title, 1)

    def in_groups() -> str:
        return "\n".join(of_group(title, names) for title, names in groups.items())

    params._html_repr = in_groups
    return params


__all__ = [
    "CallbackSupportMixin",
    "Estimator",
    "HasMethods",
    "Interval",
    "StrOptions",
    "_check_partial_fit_first_call",
    "_fit_context",
    "fits_in_one_step",
    "handing_on",
    "set_where_none",
    "with_callbacks",
]

_Estimator = TypeVar("_Estimator", bound=base.BaseEstimator)
_Fit = TypeVar("_Fit", bound=Callable)


def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Fit], _Fit]:
    """Do what scikit-learn's does, and keep the type of `fit`."""
    return base._fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)


def fits_in_one_step(fit: _Fit) -> _Fit:
    """Tell callbacks when a method that fits a transformer to X begins and ends."""

    @with_callbacks
    @functools.wraps(fit)
    def told(self: Any, X: Any, *args: Any) -> Any:
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X)
        fitted = fit(self, X, *args)
        context.call_on_fit_task_end(estimator=self, X=X, reconstruction_attributes={})
        return fitted

    return told


def set_where_none(estimator: _Estimator, name: str, value_of: Callable) -> _Estimator:
    """Set each parameter of a name that is None, of an estimator and of those within.

    Parameters
    ----------
    estimator : BaseEstimator
        Changed in place.
    name : str
        Such as "random_state", which stands for "pca__random_state" too.
    value_of : callable
        Makes a value for each of them, without arguments.

    Returns
    -------
    BaseEstimator
        The same.
    """
    parameters = sorted(estimator.get_params().items(), key=lambda item: item[0])
    unset = [key for key, value in parameters if key.split("__")[-1] == name and value is None]
    return estimator.set_params(**{key: value_of() for key in unset})


@contextmanager
def handing_on(context: Any, part: Any, task_name: str, **told: Any) -> Iterator[None]:
    """Hand callbacks on to an estimator that the block fits, as a pipeline does to its steps.

    Parameters
    ----------
    context : CallbackContext
        Of the task that this one is a part of.
    part : estimator
    task_name : str
    **told
        What callbacks of the whole hear of the part: `estimator`, the whole, `X` and `y`.
    """
    task = context.subcontext(task_name=task_name)
    with task.propagate_callback_context(part):
        task.call_on_fit_task_begin(**told)
        yield
        task.call_on_fit_task_end(**told)
