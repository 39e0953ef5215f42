"""Parameters: typed, validated, kept as JSON, fetched from files and the web."""

import copy
import gc
import http.server
import json
import pickle
import re
import socket
import threading
import time

import numpy as np
import pytest

from nervos_sklearn import Parameters

PUBLISHED = {
    "training_duration": 100,
    "past_window": -10,
    "epochs": 3,
    "resting_potential": -70.0,
    "inhibitory_potential": -100.0,
    "spike_threshold": -55.0,
    "reset_potential": -90.0,
    "spike_drop_rate": 0.8,
    "threshold_drop_rate": 0.4,
    "min_weight": 1e-5,
    "max_weight": 1.0,
    "A_up": 0.8,
    "A_down": -0.3,
    "tau_up": 5.0,
    "tau_down": 5.0,
    "eta": 0.03,
    "min_frequency": 1.0,
    "max_frequency": 50.0,
    "refractory_time": 15,
    "tau_m": 10.0,
    "conductance": 10.0,
}
INTEGERS = ["training_duration", "past_window", "epochs", "refractory_time"]
CIRCLES = {
    "training_duration": 200, "past_window": -20, "A_up": 1, "A_down": -2, "tau_up": 8,
    "tau_down": 20, "eta": 0.05, "min_frequency": 1, "max_frequency": 140,
}  # fmt: skip
IRIS = CIRCLES | {"training_duration": 300, "min_frequency": 0, "max_frequency": 200}
NAMES = sorted(Parameters().to_dict())

# Sockets that urllib leaves open when a server misbehaves.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


# ---------------------------------------------------------------- values and types


def test_defaults_are_the_published_set():
    p = Parameters()
    assert p.to_dict().items() >= PUBLISHED.items()
    assert {name: getattr(p, name) for name in PUBLISHED} == PUBLISHED
    for name, value in p.to_dict().items():
        assert type(value) is type(PUBLISHED.get(name, value)), name
    assert p.tau_threshold > 0


@pytest.mark.parametrize("published", [CIRCLES, IRIS], ids=["circles", "iris"])
def test_other_published_sets_are_valid(published):
    p = Parameters(**published)
    assert p.to_dict().items() >= published.items()
    p.validate()


def test_numbers_take_the_type_of_their_setting():
    p = Parameters(eta=1, spike_threshold=np.float32(-50), epochs=np.int64(4), past_window=-6.0)
    assert type(p.eta) is float
    assert type(p.spike_threshold) is float
    assert type(p.epochs) is int
    assert type(p.past_window) is int
    assert (p.eta, p.spike_threshold, p.epochs, p.past_window) == (1.0, -50.0, 4, -6)


def test_settings_do_not_leak_between_objects():
    a, b = Parameters(), Parameters()
    a.eta, a.extra = 0.5, 1
    assert b.eta == 0.03
    assert not hasattr(b, "extra")
    assert Parameters().eta == 0.03


def test_equality_is_by_value():
    assert Parameters(eta=0.1) == Parameters(eta=0.1)
    assert Parameters(eta=0.1) != Parameters()
    assert Parameters(extra=1) != Parameters()
    assert Parameters() != Parameters().to_dict()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda p: pickle.loads(
    pickle.dumps(p))], ids=["copy", "deepcopy", "pickle"])  # fmt: skip
def test_copies_live_on_their_own(duplicate):
    p = Parameters(eta=0.1, device="PCMO")
    twin = duplicate(p)
    assert twin == p
    twin.eta = 0.2
    assert p.eta == 0.1
    with pytest.raises(ValueError, match="eta"):
        twin.eta = -1


def test_repr_builds_the_object_again():
    p = Parameters(eta=0.1, past_window=-4, device="PCMO")
    assert eval(repr(p)) == p


def test_changing_the_dict_does_not_change_the_parameters():
    p = Parameters()
    p.to_dict()["eta"] = 7
    assert p.eta == 0.03


# ---------------------------------------------------------------- wrong values


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.nan], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_nan_and_infinity_are_refused_everywhere(name, value):
    with pytest.raises(ValueError, match=name):
        Parameters(**{name: value})


@pytest.mark.parametrize("value", ["1", None, [1], {}, 1j, True, b"1", np.array([1.0])], ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_a_number_is_refused_everywhere(name, value):
    p = Parameters()
    with pytest.raises(TypeError, match=name):
        setattr(p, name, value)
    assert p == Parameters()


WRONG = [
    ("training_duration", 0),
    ("training_duration", -100),
    ("training_duration", 10.5),
    ("past_window", 1),
    ("past_window", 10),
    ("past_window", -2.5),
    ("epochs", 0),
    ("epochs", -1),
    ("epochs", 1.5),
    ("refractory_time", -1),
    ("refractory_time", 0.5),
    ("tau_up", 0),
    ("tau_up", -5),
    ("tau_down", 0),
    ("tau_down", -5),
    ("tau_m", 0),
    ("tau_m", -5),
    ("tau_threshold", 0),
    ("tau_threshold", -5),
    ("eta", -0.03),
    ("spike_drop_rate", -0.1),
    ("threshold_drop_rate", -0.1),
    ("min_frequency", -1),
    ("max_frequency", 0),
    ("max_frequency", -1),
    ("training_images_amount", -1),
    ("testing_images_amount", 2.5),
    ("training_duration", 2**20 + 1),
    ("refractory_time", 2**63 - 1),
    ("past_window", -(10**6)),
    ("epochs", 10**30),
    ("eta", 1e308),
    ("A_up", 1e300),
    ("tau_m", 1e-300),
    ("max_weight", 1e300),
    ("min_weight", -1e300),
    ("spike_threshold", 1e300),
    ("spike_drop_rate", 1e300),
    ("max_frequency", 1e300),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_value_out_of_range_is_refused_at_once(name, value):
    p = Parameters()
    with pytest.raises(ValueError, match=rf"{name}.*{re.escape(str(value))}"):
        setattr(p, name, value)
    assert p == Parameters()
    with pytest.raises(ValueError, match=name):
        p.from_dict({"A_up": 0.5, name: value, "A_down": -0.5})
    assert p == Parameters()
    with pytest.raises(ValueError, match=name):
        Parameters(**{name: value})


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"min_weight": 1.0}, ["min_weight", "max_weight"]),
        ({"min_weight": 2.0}, ["min_weight", "max_weight"]),
        ({"max_weight": 1e-5}, ["min_weight", "max_weight"]),
        ({"max_weight": -1.0}, ["min_weight", "max_weight"]),
        ({"min_frequency": 51}, ["min_frequency", "max_frequency"]),
        ({"max_frequency": 0.5}, ["min_frequency", "max_frequency"]),
        ({"resting_potential": -55}, ["resting_potential", "spike_threshold"]),
        ({"reset_potential": -50}, ["reset_potential", "spike_threshold"]),
        ({"inhibitory_potential": 0}, ["inhibitory_potential", "spike_threshold"]),
        ({"spike_threshold": -70}, ["spike_threshold"]),
    ],
    ids=str,
)
def test_contradictions_are_refused_and_change_nothing(settings, names):
    p = Parameters()
    for call in (lambda: p.from_dict({"eta": 0.5} | settings), lambda: Parameters(**settings)):
        with pytest.raises(ValueError, match=names[0]) as caught:
            call()
        assert all(name in str(caught.value) for name in names)
        assert p == Parameters()


def test_bounds_can_be_moved_one_after_the_other_and_are_checked_in_the_end():
    p = Parameters()
    p.min_weight = 2.0
    with pytest.raises(ValueError, match="min_weight"):
        p.validate()
    p.max_weight = 3.0
    p.validate()
    assert (p.min_weight, p.max_weight) == (2.0, 3.0)


def test_two_settings_that_agree_may_be_changed_together():
    p = Parameters()
    p.from_dict({"min_weight": 3.0, "max_weight": 5.0})
    assert (p.min_weight, p.max_weight) == (3.0, 5.0)
    p.from_dict({"max_weight": 1.0, "min_weight": 0.0})
    assert (p.min_weight, p.max_weight) == (0.0, 1.0)


def test_extremes_that_make_sense_are_allowed():
    p = Parameters(
        past_window=0, refractory_time=0, eta=0, spike_drop_rate=0, threshold_drop_rate=0,
        min_frequency=0, training_duration=1, epochs=1, A_up=0, A_down=0,
    )  # fmt: skip
    p.validate()
    assert p.past_window == 0
    assert Parameters(min_frequency=20, max_frequency=20).min_frequency == 20


# ---------------------------------------------------------------- dictionaries


def test_from_dict_merges():
    p = Parameters(eta=0.5)
    p.from_dict({"A_up": 0.25})
    assert (p.eta, p.A_up) == (0.5, 0.25)
    p.from_dict({})
    assert (p.eta, p.A_up) == (0.5, 0.25)


def test_unknown_keys_are_kept():
    p = Parameters()
    extra = {"device": "Pr0.7Ca0.3MnO3", "levels": [1, 2.5, None], "nested": {"a": [True]}}
    p.from_dict(extra | {"eta": 0.5})
    assert p.device == "Pr0.7Ca0.3MnO3"
    assert p.to_dict().items() >= extra.items()
    assert Parameters(**p.to_dict()) == p


@pytest.mark.parametrize("bad", [None, [("eta", 0.1)], "eta", 3, {1: 2}, {None: 1}], ids=str)
def test_from_dict_takes_dictionaries_only(bad):
    p = Parameters()
    with pytest.raises((TypeError, ValueError), match=r"dict|name"):
        p.from_dict(bad)
    assert p == Parameters()


@pytest.mark.parametrize(
    "name", ["from_dict", "from_file", "from_url", "to_dict", "save", "validate", "__class__"]
)
def test_methods_cannot_be_overwritten(name):
    p = Parameters()
    with pytest.raises(ValueError, match=name):
        p.from_dict({"eta": 0.5, name: 1})
    assert p == Parameters()


@pytest.mark.parametrize("name", ["from_dict", "save", "to_dict"])
def test_methods_cannot_be_assigned_over(name):
    p = Parameters()
    with pytest.raises((ValueError, AttributeError), match=name):
        setattr(p, name, 1)
    assert p.to_dict() == Parameters().to_dict()


def test_list_parameters_prints_every_setting(capsys):
    p = Parameters(eta=0.0625, device="PCMO")
    p.list_parameters()
    lines = capsys.readouterr().out.splitlines()
    for name, value in p.to_dict().items():
        assert any(name in line and str(value) in line for line in lines), name


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("seed", range(5))
def test_files_round_trip_bit_for_bit(seed, tmp_path):
    rng = np.random.default_rng(seed)
    p = Parameters(
        eta=rng.random(), A_up=rng.normal(), A_down=1 / 3, min_weight=rng.normal() - 5,
        tau_up=rng.random() * 1e-6, tau_m=rng.random() * 1e9, past_window=-int(seed),
        note="Grüße, \u0000 and \U0001f9e0", table=[[0.1, None], {"x": False}],
    )  # fmt: skip
    p.save("run", str(tmp_path))
    q = Parameters()
    q.from_file(str(tmp_path / "parameters_run.json"))
    assert q == p
    assert q.to_dict() == p.to_dict()
    assert list(q.to_dict()) == list(p.to_dict())


def test_save_makes_the_directory_and_writes_plain_json(tmp_path):
    Parameters(device="x").save("a", str(tmp_path / "deep" / "er"))
    path = tmp_path / "deep" / "er" / "parameters_a.json"
    assert json.loads(path.read_text(encoding="utf-8")) == Parameters(device="x").to_dict()


def test_save_goes_to_the_current_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Parameters().save("b")
    assert [p.name for p in (tmp_path / "parameters").iterdir()] == ["parameters_b.json"]


def test_save_replaces_and_leaves_no_litter(tmp_path):
    Parameters(note="a" * 1000).save("c", str(tmp_path))
    Parameters(eta=0.5).save("c", str(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["parameters_c.json"]
    q = Parameters()
    q.from_file(str(tmp_path / "parameters_c.json"))
    assert q == Parameters(eta=0.5)


@pytest.mark.parametrize("identifier", ["../x", "a/b", "/tmp/x", "a\0b"])
def test_identifier_cannot_lead_elsewhere(identifier, tmp_path):
    with pytest.raises(ValueError, match=r"identifier|null"):
        Parameters().save(identifier, str(tmp_path / "here"))
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), 1j, object, b"x"], ids=str)
def test_what_json_cannot_hold_is_refused_and_the_old_file_stays(value, tmp_path):
    Parameters(eta=0.5).save("d", str(tmp_path))
    p = Parameters()
    p.odd = [1, value]
    with pytest.raises((ValueError, TypeError), match="JSON"):
        p.save("d", str(tmp_path))
    assert [f.name for f in tmp_path.iterdir()] == ["parameters_d.json"]
    q = Parameters()
    q.from_file(str(tmp_path / "parameters_d.json"))
    assert q.eta == 0.5


def test_full_disk_leaves_the_old_file(tmp_path):
    Parameters(eta=0.5).save("e", str(tmp_path))
    p = Parameters(note="x" * 100_000)
    resource = pytest.importorskip("resource", reason="no limits of file sizes here")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(OSError, match=r"(?i)large"):
            p.save("e", str(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [f.name for f in tmp_path.iterdir()] == ["parameters_e.json"]
    q = Parameters()
    q.from_file(str(tmp_path / "parameters_e.json"))
    assert q.eta == 0.5


BAD_JSON = {
    "empty": b"",
    "cut": b'{"eta": 0.5',
    "list": b"[1, 2]",
    "null": b"null",
    "number": b"5",
    "text": b'"eta"',
    "not json": b"eta = 0.5",
    "html": b"<html></html>",
    "binary": bytes(range(256)),
    "not utf-8": b'{"note": "\xff"}',
    "NaN": b'{"eta": NaN}',
    "infinity": b'{"eta": 1e999}',
    "number as text": b'{"eta": "0.5"}',
    "true": b'{"eta": true}',
    "null setting": b'{"eta": null}',
    "out of range": b'{"A_up": 0.25, "eta": -1}',
    "contradiction": b'{"A_up": 0.25, "min_weight": 3}',
    "method": b'{"A_up": 0.25, "save": 3}',
    "deep": b"[" * 100_000,
    "deep value": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "long number": b'{"epochs": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("kind", BAD_JSON)
def test_bad_file_is_refused_and_changes_nothing(kind, tmp_path):
    path = tmp_path / "settings.json"
    path.write_bytes(BAD_JSON[kind])
    p = Parameters(eta=0.125, note="mine")
    before = p.to_dict()
    with pytest.raises((ValueError, TypeError)) as caught:
        p.from_file(str(path))
    names = ("settings.json", "eta", "min_weight", "save", "epochs")
    assert any(name in str(caught.value) for name in names)
    assert p.to_dict() == before


def test_file_cut_anywhere_is_refused_and_changes_nothing(tmp_path):
    Parameters(eta=0.5, note="x").save("whole", str(tmp_path))
    whole = (tmp_path / "parameters_whole.json").read_bytes().rstrip()
    path, p = tmp_path / "cut.json", Parameters()
    for size in range(0, len(whole), 3):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"cut.json"):
            p.from_file(str(path))
        assert p == Parameters()
    path.write_bytes(whole)
    p.from_file(str(path))
    assert p.eta == 0.5


@pytest.mark.parametrize(
    "content", [b'{"x": NaN}', b'{"x": Infinity}', b'{"x": [1e999]}'], ids=str
)
def test_what_a_file_brings_can_be_written_back_or_is_refused(content, tmp_path):
    path, p = tmp_path / "odd.json", Parameters()
    path.write_bytes(content)
    try:
        p.from_file(str(path))
    except ValueError:
        assert p == Parameters()
    else:
        p.save("again", str(tmp_path))


def test_missing_file_is_an_os_error(tmp_path):
    p = Parameters()
    with pytest.raises(FileNotFoundError, match="nowhere"):
        p.from_file(str(tmp_path / "nowhere.json"))
    with pytest.raises(OSError, match="irectory"):
        p.from_file(str(tmp_path))
    assert p == Parameters()


# ---------------------------------------------------------------- the web

LIMIT = 1 << 20


def padded(size):
    return b'{"eta": 0.5, "x": "' + b"a" * (size - 21) + b'"}'


ANSWERS = {
    "/good": b'{"eta": 0.5, "device": "PCMO"}',
    "/at_the_limit": padded(LIMIT),
    "/too_large": padded(LIMIT + 1),
} | {f"/bad/{kind.replace(' ', '_')}": content for kind, content in BAD_JSON.items()}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        moves = self.server.moves
        if self.path in moves:
            self.send_response(302)
            self.send_header("Location", moves[self.path])
            self.end_headers()
        elif self.path in ANSWERS:
            self.send_response(200)
            self.end_headers()
            self.write(ANSWERS[self.path])
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            while self.write(b" " * 65536):
                pass
        elif self.path == "/silent":
            self.server.stop.wait(25)
        elif self.path == "/dripping":
            self.send_response(200)
            self.end_headers()
            while self.write(b" ") and not self.server.stop.wait(0.3):
                pass
        elif self.path == "/dripping_headers":
            self.write(b"HTTP/1.0 200 OK\r\nX: ")
            while self.write(b"x") and not self.server.stop.wait(0.3):
                pass
        else:
            self.send_error(404)

    def write(self, content):
        try:
            self.wfile.write(content)
        except OSError:
            return False
        return True

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.stop, server.moves = threading.Event(), {"/loop": "/loop", "/moved": "/good"}
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_socket_is_left(request):
    """Clear away the sockets that urllib leaves, before another test is blamed for them."""
    yield
    if "server" in request.node.name or "server" in request.fixturenames:
        gc.collect()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("path", ["/good", "/moved"])
def test_from_url(server, path):
    p = Parameters(A_up=0.25)
    p.from_url(server.url + path)
    assert p == Parameters(A_up=0.25, eta=0.5, device="PCMO")


def test_from_url_up_to_a_mebibyte(server):
    p = Parameters()
    p.from_url(server.url + "/at_the_limit")
    assert p.eta == 0.5
    p = Parameters()
    for path in ("/too_large", "/endless"):
        with pytest.raises(ValueError, match=rf"{path}.*{LIMIT}|{path}.*1 MiB"):
            p.from_url(server.url + path)
        assert p == Parameters()


@pytest.mark.parametrize("kind", BAD_JSON)
def test_bad_answer_is_refused_and_changes_nothing(server, kind):
    p = Parameters(eta=0.125, note="mine")
    before = p.to_dict()
    with pytest.raises((ValueError, TypeError)) as caught:
        p.from_url(f"{server.url}/bad/{kind.replace(' ', '_')}")
    names = ("/bad/", "eta", "min_weight", "save", "epochs")
    assert any(name in str(caught.value) for name in names)
    assert p.to_dict() == before


@pytest.mark.parametrize("path", ["/nothing_here", "/loop"])
def test_http_error_is_an_os_error(server, path):
    p = Parameters()
    with pytest.raises(OSError, match=r"404|302|redirect") as caught:
        p.from_url(server.url + path)
    getattr(caught.value, "close", lambda: None)()
    assert p == Parameters()


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/a", "file:///etc/hostname", "data:,{}", "/etc/hostname", "", "127.0.0.1/a",
     "gopher://127.0.0.1/", "javascript:1", "httpx://127.0.0.1/"],
)  # fmt: skip
def test_other_schemes_are_refused(url):
    p = Parameters()
    with pytest.raises(ValueError, match="http"):
        p.from_url(url)
    assert p == Parameters()


@pytest.mark.parametrize("url", [None, 5, b"http://127.0.0.1/", ["http://127.0.0.1/"]], ids=str)
def test_url_must_be_text(url):
    with pytest.raises((ValueError, TypeError), match=r"url"):
        Parameters().from_url(url)


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:port/", "http://127.0.0.1/a b\n",
                                 "http://127.0.0.1/\r\nHost: evil", "http://[::1/"])  # fmt: skip
def test_malformed_url_is_named(url):
    p = Parameters()
    with pytest.raises((ValueError, OSError)):
        p.from_url(url)
    assert p == Parameters()


def test_redirect_to_another_scheme_is_not_followed(server, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"eta": 0.75}')
    with socket.socket() as ftp:
        ftp.bind(("127.0.0.1", 0))
        ftp.listen()
        ftp.settimeout(0.2)
        server.moves["/to_file"] = secret.as_uri()
        server.moves["/to_ftp"] = f"ftp://127.0.0.1:{ftp.getsockname()[1]}/secret.json"
        p = Parameters()
        for path in ("/to_file", "/to_ftp"):
            with pytest.raises((ValueError, OSError)) as caught:
                p.from_url(server.url + path)
            getattr(caught.value, "close", lambda: None)()
            assert p == Parameters()
        with pytest.raises(TimeoutError):  # nobody has called
            ftp.accept()


def test_unreachable_server_is_an_os_error():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        with pytest.raises(OSError, match=r"(?i)refused"):
            Parameters().from_url(f"http://127.0.0.1:{reserved.getsockname()[1]}/")


def test_slow_servers_are_given_up(server):
    caught = {}

    def ask(path):
        start = time.monotonic()
        try:
            Parameters().from_url(server.url + path)
        except Exception as error:
            caught[path] = (type(error), time.monotonic() - start)

    paths = ("/silent", "/dripping", "/dripping_headers")
    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 13
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    waited = dict(caught)
    server.stop.set()
    for thread in threads:
        thread.join()
    for path in paths:
        assert path in waited, f"{path} has kept the caller for more than 13 s"
        kind, seconds = waited[path]
        assert issubclass(kind, OSError)
        assert seconds < 13
