"""The names of scikit-learn that are not public, in one place.

Its template for third-party estimators recommends them; they may move.
"""

from collections.abc import Callable
from typing import TypeVar

from sklearn import base
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call

__all__ = ["HasMethods", "Interval", "StrOptions", "_check_partial_fit_first_call", "_fit_context"]

_Fit = TypeVar("_Fit", bound=Callable)


def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Fit], _Fit]:
    """Do what scikit-learn's does, and keep the type of `fit`."""
    return base._fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)
