"""The settings of a network: typed, validated, and kept as JSON."""

import http.client
import json
import os
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from numbers import Integral, Real
from typing import Any, NamedTuple

from ._files import write_atomically, write_json
from ._sklearn import Interval
from .common import mkdir

_URL_TIMEOUT = 10.0  # s
_URL_SIZE_LIMIT = 1 << 20  # bytes; a parameter file is about 1 kB


# Bounds within which no sum, product or power of the loops overflows or loses its meaning.
SMALLEST, LARGEST = 1e-9, 1e9
LONGEST_TRAIN = 2**20  # ms
LONGEST_TIME = 2**31  # ms
LONGEST_WINDOW = 10_000  # ms; the learning rule is evaluated once a lag
MOST_EPOCHS = 1_000_000
LARGEST_RATE = 1000.0


class _Setting(NamedTuple):
    default: float
    kind: type
    low: float = -LARGEST
    high: float = LARGEST

    def describe_range(self) -> str:
        if self.kind is int:
            return f"an integer from {self.low} to {self.high}"
        return f"a number from {self.low:g} to {self.high:g}"


def _positive(default):
    return _Setting(default, float, low=SMALLEST)


def _non_negative(default):
    return _Setting(default, float, low=0)


_SETTINGS = {
    "training_duration": _Setting(100, int, low=1, high=LONGEST_TRAIN),
    "past_window": _Setting(-10, int, low=-LONGEST_WINDOW, high=0),
    "epochs": _Setting(3, int, low=1, high=MOST_EPOCHS),
    "resting_potential": _Setting(-70.0, float),
    "inhibitory_potential": _Setting(-100.0, float),
    "spike_threshold": _Setting(-55.0, float),
    "reset_potential": _Setting(-90.0, float),
    "spike_drop_rate": _non_negative(0.8),
    "threshold_drop_rate": _non_negative(0.4),
    "min_weight": _Setting(1e-5, float),
    "max_weight": _Setting(1.0, float),
    "A_up": _Setting(0.8, float),
    "A_down": _Setting(-0.3, float),
    "tau_up": _positive(5.0),
    "tau_down": _positive(5.0),
    "eta": _Setting(0.03, float, low=0, high=LARGEST_RATE),
    "min_frequency": _non_negative(1.0),
    "max_frequency": _positive(50.0),
    "refractory_time": _Setting(15, int, low=0, high=LONGEST_TIME),
    "tau_m": _positive(10.0),
    "tau_threshold": _positive(5.0),
    "conductance": _positive(10.0),
    "training_images_amount": _Setting(0, int, low=0, high=2**63 - 1),
    "testing_images_amount": _Setting(0, int, low=0, high=2**63 - 1),
}

# Those that a classifier shares: all that the dynamics and the codes use.
SETTINGS = [
    name
    for name in _SETTINGS
    if name not in ("conductance", "training_images_amount", "testing_images_amount")
]


class Parameters:
    """The settings of a spiking network.

    The defaults are the published set for MNIST with an ideal synapse. Every
    setting is an attribute; assigning a value of the wrong type or range raises
    at once. Keys a file brings that are not listed here are kept untouched and
    written back by :meth:`save`.

    Where no other bound is named, numbers lie between -1e9 and 1e9, and those that
    must be positive are at least 1e-9: beyond, sums and powers would overflow.

    Parameters
    ----------
    **settings
        Any of the attributes below, and any further key to be kept.

    Attributes
    ----------
    training_duration : int, default=100
        Time steps of one presentation, in ms, from 1 to 2**20.
    past_window : int, default=-10
        Reach of the learning rule into the past, in ms, from -10000 to 0. The value
        -10 gives the 11 lags 0 ... 10; an input that was silent in all windows
        of a presentation is depressed with a lag drawn from
        1 ... ``abs(past_window // 2) - 1`` (at least 1).
    epochs : int, default=3
        Passes over the training set, from 1 to 1000000.
    resting_potential, inhibitory_potential, spike_threshold, reset_potential : float
        In mV; by default -70, -100, -55 and -90. The threshold lies above the
        three others.
    spike_drop_rate, threshold_drop_rate : float
        Leak of the membrane potential and of the adaptive threshold, in mV a
        step; by default 0.8 and 0.4.
    min_weight, max_weight : float
        Bounds of a weight, dimensionless; by default 1e-5 and 1.
    A_up, A_down : float
        Amplitudes of potentiation and depression; by default 0.8 and -0.3.
    tau_up, tau_down : float
        Time constants of the learning rule, in ms; by default 5.
    eta : float, default=0.03
        Learning rate, from 0 to 1000.
    min_frequency, max_frequency : float
        Spikes in one presentation of the weakest input, at least 0, and of the strongest
        one, above 0; by default 1 and 50.
    refractory_time : int, default=15
        Rest of a layer after one of its neurons has fired, in ms, at most 2**31.
    tau_m, tau_threshold : float
        Time constants, in ms, of the proportional leak that ``Module.true_lif``
        switches on; by default 10 and 5.
    conductance : float, default=10
        Membrane conductance; kept for files that carry it, not used by the dynamics.
    training_images_amount, testing_images_amount : int, default=0
        Sizes of the data sets a file was made for; not used by the dynamics.

    Raises
    ------
    TypeError
        If a setting is not a number.
    ValueError
        If a setting is out of its range, or contradicts another one.

    Examples
    --------
    >>> from nervos_sklearn import Parameters
    >>> p = Parameters(eta=0.05)
    >>> p.eta, p.past_window
    (0.05, -10)
    >>> p.from_dict({"past_window": -20, "device": "PCMO"})
    >>> p.past_window, p.device
    (-20, 'PCMO')
    >>> p.eta = -1
    Traceback (most recent call last):
    ...
    ValueError: eta must be a number from 0 to 1000, got -1.
    """

    training_duration: int
    past_window: int
    epochs: int
    resting_potential: float
    inhibitory_potential: float
    spike_threshold: float
    reset_potential: float
    spike_drop_rate: float
    threshold_drop_rate: float
    min_weight: float
    max_weight: float
    A_up: float
    A_down: float
    tau_up: float
    tau_down: float
    eta: float
    min_frequency: float
    max_frequency: float
    refractory_time: int
    tau_m: float
    tau_threshold: float
    conductance: float
    training_images_amount: int
    testing_images_amount: int

    def __init__(self, **settings: Any) -> None:
        vars(self).update({name: s.default for name, s in _SETTINGS.items()})
        self.from_dict(settings)

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(Parameters, name):
            raise AttributeError(f"{name!r} is a method of Parameters and cannot be assigned.")
        super().__setattr__(name, _checked(name, value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameters) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # they change

    def __repr__(self) -> str:
        changed = {k: v for k, v in vars(self).items() if _differs_from_default(k, v)}
        return f"Parameters({', '.join(f'{k}={v!r}' for k, v in changed.items())})"

    def validate(self) -> None:
        """Check that the settings do not contradict one another.

        Raises
        ------
        ValueError
            If a lower bound lies above its upper bound, or a potential above
            the spike threshold.
        """
        if not self.min_weight < self.max_weight:
            raise ValueError(
                f"min_weight must be smaller than max_weight, got min_weight="
                f"{self.min_weight} and max_weight={self.max_weight}."
            )
        if not self.min_frequency <= self.max_frequency:
            raise ValueError(
                f"min_frequency must not exceed max_frequency, got min_frequency="
                f"{self.min_frequency} and max_frequency={self.max_frequency}."
            )
        for name in ("resting_potential", "reset_potential", "inhibitory_potential"):
            if not getattr(self, name) < self.spike_threshold:
                raise ValueError(
                    f"{name} must lie below spike_threshold, got {name}="
                    f"{getattr(self, name)} mV and spike_threshold={self.spike_threshold} mV."
                )

    def from_dict(self, parameters: dict) -> None:
        """Take settings from a dictionary; all of them, or none if one is wrong.

        Parameters
        ----------
        parameters : dict
            Names and values. Unknown names are kept as they are.

        Raises
        ------
        TypeError, ValueError
            If a value is wrong or contradicts another one; nothing is changed then.
        """
        if not isinstance(parameters, dict):
            raise TypeError(
                f"parameters must be a dict of names and values, got {type(parameters).__name__}."
            )
        candidate = object.__new__(Parameters)
        vars(candidate).update(vars(self))
        for name, value in parameters.items():
            if not isinstance(name, str) or not name.isidentifier() or hasattr(Parameters, name):
                raise ValueError(
                    f"{name!r} cannot be the name of a parameter: use an identifier that is "
                    "not a method of Parameters."
                )
            setattr(candidate, name, value)
        candidate.validate()
        vars(self).update(vars(candidate))

    def from_file(self, path: str) -> None:
        """Take settings from a JSON file.

        Parameters
        ----------
        path : str
            A file that holds one JSON object.

        Raises
        ------
        OSError
            If the file cannot be read.
        TypeError
            If a setting is not a number.
        ValueError
            If the file does not hold a JSON object, or a setting is out of its range or
            contradicts another one; nothing is changed then.
        """
        with open(path, "rb") as file:
            self._from_json(file.read(), str(path))

    def from_url(self, url: str) -> None:
        """Take settings from a JSON file on the web.

        Parameters
        ----------
        url : str
            An ``http://`` or ``https://`` address. At most 1 MiB is read, within
            10 s in all.

        Raises
        ------
        OSError
            If the server cannot be reached or answers with an error; TimeoutError, which is
            one, if it does not answer in time.
        TypeError
            If the address is not text, or a setting not a number.
        ValueError
            If the address has another scheme, the answer is too large or is not
            a JSON object, or a setting is wrong; nothing is changed then.
        """
        self._from_json(_download(url), url)

    def _from_json(self, text: bytes, source: str) -> None:
        try:
            settings = json.loads(text)
            json.dumps(settings, allow_nan=False)  # what cannot be written is not taken
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{source} does not hold valid JSON: {error}") from error
        if not isinstance(settings, dict):
            raise ValueError(
                f"{source} must hold a JSON object of names and values, "
                f"got a {type(settings).__name__}."
            )
        self.from_dict(settings)

    def to_dict(self) -> dict:
        """Return the settings, those kept from a file included.

        Returns
        -------
        dict
            Names and values; ``Parameters(**p.to_dict()) == p``.
        """
        return dict(vars(self))

    def list_parameters(self) -> None:
        """Print every setting, a line each."""
        width = max(map(len, vars(self))) + 2
        for name, value in vars(self).items():
            print(f"{name + ':':<{width}}{value}")

    def save(self, identifier: str, directory: str | None = None) -> None:
        """Write the settings to ``<directory>/parameters_<identifier>.json``.

        Parameters
        ----------
        identifier : str
            Names the file.
        directory : str, optional
            Created if it does not exist; by default ``parameters`` below the
            current directory.

        Raises
        ------
        OSError
            If the file cannot be written.
        ValueError
            If a kept key cannot be written as JSON, or the identifier holds a
            path separator.
        """
        name = f"parameters_{identifier}.json"
        if os.path.basename(name) != name:
            raise ValueError(f"identifier must not hold a path separator, got {identifier!r}.")
        directory = "parameters" if directory is None else os.fspath(directory)
        text = write_json(self.to_dict(), indent=4)
        mkdir(directory)
        write_atomically(
            os.path.join(directory, name), lambda file: file.write((text + "\n").encode())
        )


def check_parameters(parameters: Parameters) -> None:
    """Raise TypeError unless these are Parameters, ValueError if they contradict themselves."""
    if not isinstance(parameters, Parameters):
        raise TypeError(
            f"parameters must be a Parameters object, got {type(parameters).__name__}; "
            "make one of a dict by Parameters(**settings)."
        )
    parameters.validate()


def _checked(name, value):
    """Return the value of a setting in its own type; unknown settings pass as they are."""
    setting = _SETTINGS.get(name)
    if setting is None:
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"{name} must be {setting.describe_range()}, got {value!r} "
            f"of type {type(value).__name__}."
        )
    fits = setting.low <= value <= setting.high
    if not fits or (setting.kind is int and value != int(value)):
        raise ValueError(f"{name} must be {setting.describe_range()}, got {value!r}.")
    return setting.kind(value)


def interval_of(name: str) -> Interval:
    """The range of a setting, as the constraint of an estimator's parameter."""
    setting = _SETTINGS[name]
    return Interval(Integral if setting.kind is int else Real, *setting[2:], closed="both")


def _differs_from_default(name, value):
    return name not in _SETTINGS or value != _SETTINGS[name].default


class _NoOtherScheme(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(url):
    if not isinstance(url, str):
        raise TypeError(f"url must be text, got {type(url).__name__}.")
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"url must start with http:// or https://, got {url!r}.")


def _download(url):
    """Read what an address answers, in a thread: names and headers may take any time."""
    _check_scheme(url)
    answers = queue.SimpleQueue()

    def ask():
        try:
            answers.put((_read(url), None))
        except BaseException as error:
            answers.put((None, error))

    threading.Thread(target=ask, daemon=True).start()  # nobody waits for it any longer
    try:
        text, error = answers.get(timeout=_URL_TIMEOUT)
    except queue.Empty:
        raise TimeoutError(_too_slow(url)) from None
    if error is not None:
        raise error
    return text


def _too_slow(url):
    return f"{url} has not answered in full within {_URL_TIMEOUT:g} s."


def _read(url):
    opener = urllib.request.build_opener(_NoOtherScheme)
    deadline = time.monotonic() + _URL_TIMEOUT
    text = b""
    try:
        with opener.open(url, timeout=_URL_TIMEOUT) as answer:
            while len(text) <= _URL_SIZE_LIMIT and (part := answer.read1(1 << 16)):
                text += part
                if time.monotonic() > deadline:
                    raise TimeoutError(_too_slow(url))
    except http.client.HTTPException as error:
        raise ValueError(f"{url!r} cannot be read as an address or an answer: {error}") from error
    if len(text) > _URL_SIZE_LIMIT:
        raise ValueError(
            f"{url} answers with more than {_URL_SIZE_LIMIT} bytes; a parameter file "
            "is far smaller."
        )
    return text
