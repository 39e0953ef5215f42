"""The names of scikit-learn that are not public, in one place.

Its template for third-party estimators recommends them; they may move.
"""

from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

__all__ = ["HasMethods", "Interval", "StrOptions", "_fit_context"]
