"""The names of scikit-learn that are not public, in one place.

Its template for third-party estimators recommends them; they may move.
"""

from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call

__all__ = ["HasMethods", "Interval", "StrOptions", "_check_partial_fit_first_call", "_fit_context"]
