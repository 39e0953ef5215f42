"""Model files and the small helpers: damage, atomicity, pictures."""

import io
import json
import os
import pickle
import re
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile

import matplotlib
import numpy as np
import pytest

from nervos_sklearn import (
    Parameters,
    common,
    get_cwd,
    load_model,
    mkdir,
    plot_spike_train,
    save_model,
    strftime,
    timenow,
)

matplotlib.use("Agg")


def write_model(path, value=0.5, n=3):
    synapses = np.full((1, n, 4), value)
    save_model(np.arange(n), synapses, {"eta": value}, str(path))
    return synapses


def same(model, other):
    return (
        np.array_equal(model[0], other[0])
        and np.array_equal(model[1], other[1])
        and model[2] == other[2]
    )


# ---------------------------------------------------------------- round trips


def test_model_round_trips_bit_for_bit(tmp_path):
    rng = np.random.default_rng(0)
    synapses = rng.normal(size=(2, 3, 3)) * 10.0 ** rng.integers(-300, 300, (2, 3, 3))
    parameters = {"eta": 1 / 3, "note": "Grüße \U0001f9e0", "deep": [1, None, {"a": True}]}
    path = str(tmp_path / "model.red")
    save_model(np.array([2, -1, 0]), synapses, parameters, path)
    found, labels, settings = load_model(path)
    assert isinstance(found, np.ndarray)
    assert found.dtype == float
    np.testing.assert_array_equal(found, synapses)
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == [2, -1, 0]
    assert isinstance(settings, dict)
    assert settings == parameters


def test_layers_of_different_shapes_round_trip(tmp_path):
    path = str(tmp_path / "model.red")
    layers = [np.random.default_rng(0).random(shape) for shape in ((5, 7), (3, 5), (2, 3))]
    save_model([0, 1], layers, {}, path)
    found = load_model(path)[0]
    assert len(found) == 3
    for a, b in zip(found, layers, strict=True):
        np.testing.assert_array_equal(a, b)
    save_model([0, 1], found, {}, path)  # what was loaded can be saved again
    for a, b in zip(load_model(path)[0], layers, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2], [-1, -1, -1], ["a", "ü", "long word"], [True, False, True], [0.5, 1.5, 2.0]],
    ids=str,
)
def test_labels_round_trip(labels, tmp_path):
    path = str(tmp_path / "model.red")
    save_model(labels, np.ones((1, 3, 2)), {}, path)
    assert load_model(path)[1].tolist() == labels


def test_parameters_object_is_saved_as_its_settings(tmp_path):
    path = str(tmp_path / "model.red")
    p = Parameters(eta=0.1, device="PCMO")
    save_model([0], np.ones((1, 1, 2)), p, path)
    assert load_model(path)[2] == p.to_dict()


def test_numpy_numbers_in_the_parameters_are_kept(tmp_path):
    path = str(tmp_path / "model.red")
    save_model([0], np.ones((1, 1, 2)), {"eta": np.float64(0.1)}, path)
    assert load_model(path)[2] == {"eta": 0.1}


@pytest.mark.parametrize("name", ["model.red", "model", "model.npz", "mödel .x.y"])
def test_file_has_exactly_the_given_name(name, tmp_path):
    write_model(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_path_objects_and_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_model([0], np.ones((1, 1, 2)), {}, tmp_path / "a.red")
    save_model([0], np.ones((1, 1, 2)), {}, "b.red")
    assert same(load_model(tmp_path / "a.red"), load_model("b.red"))


def test_saving_again_replaces_the_file(tmp_path):
    write_model(tmp_path / "model.red", 0.25, n=50)
    write_model(tmp_path / "model.red", 0.75)
    assert load_model(str(tmp_path / "model.red"))[2] == {"eta": 0.75}
    assert [path.name for path in tmp_path.iterdir()] == ["model.red"]


def test_file_can_be_read_by_others_as_the_umask_allows(tmp_path):
    old = os.umask(0o022)
    try:
        write_model(tmp_path / "model.red")
        Parameters().save("x", str(tmp_path))
    finally:
        os.umask(old)
    for name in ("model.red", "parameters_x.json"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640])
def test_file_that_is_replaced_keeps_its_mode(mode, tmp_path):
    for _ in range(2):
        write_model(tmp_path / "model.red")
        Parameters().save("x", str(tmp_path))
        for name in ("model.red", "parameters_x.json"):
            (tmp_path / name).chmod(mode)
    write_model(tmp_path / "model.red", 0.75)
    Parameters().save("x", str(tmp_path))
    for name in ("model.red", "parameters_x.json"):
        assert (tmp_path / name).stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
@pytest.mark.parametrize("there", [True, False])
def test_link_is_written_through(there, tmp_path):
    target, link = tmp_path / "store" / "first.red", tmp_path / "latest.red"
    target.parent.mkdir()
    if there:
        write_model(target)
        target.chmod(0o600)
    link.symlink_to(os.path.join("store", "first.red"))
    expected = write_model(link, 0.75)
    assert link.is_symlink()
    assert not target.is_symlink()
    np.testing.assert_array_equal(load_model(str(target))[0], expected)
    if there:
        assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["first.red", "latest.red", "store"]


@pytest.mark.skipif(os.name == "nt", reason="pipes are of POSIX")
def test_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    path = tmp_path / "parameters_pipe.json"
    os.mkfifo(path)
    received = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()
    Parameters(eta=0.5).save("pipe", str(tmp_path))
    reader.join(10)
    assert json.loads(received[0]) == Parameters(eta=0.5).to_dict()
    assert path.is_fifo()


def test_file_is_arrays_and_json(tmp_path):
    write_model(tmp_path / "model.red")
    with np.load(tmp_path / "model.red", allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive}
    assert not any(array.dtype.hasobject for array in arrays.values())
    texts = [str(array) for array in arrays.values() if array.dtype.kind in "US"]
    assert {"eta": 0.5} in [json.loads(text) for text in texts if text.startswith("{")]


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    "labels",
    [[None, 1, 2], [object] * 3, np.array([1, 2, 3], dtype="datetime64[s]"),
     np.array([1, "a", None], dtype=object), [[0, 1], [2]], [[0], [1], [2]], 5],
    ids=str,
)  # fmt: skip
def test_bad_labels_are_not_saved(labels, tmp_path):
    path = tmp_path / "model.red"
    expected = write_model(path)
    with pytest.raises((ValueError, TypeError), match="label"):
        save_model(labels, np.ones((1, 3, 2)), {}, str(path))
    np.testing.assert_array_equal(load_model(str(path))[0], expected)
    assert [p.name for p in tmp_path.iterdir()] == ["model.red"]


BAD_SYNAPSES = {
    "text": [[["a", "b"]]],
    "objects": [[[None, object()]]],
    "none": None,
    "scalar": 5,
    "no layers": [],
    "empty layer": np.ones((1, 0, 4)),
    "one matrix": np.ones((3, 4)),
    "4-D": np.ones((1, 1, 3, 4)),
    "ragged": [[[1.0, 2.0], [1.0]]],
    "nan": np.full((1, 3, 4), np.nan),
    "infinity": np.full((1, 3, 4), np.inf),
    "complex": np.full((1, 3, 4), 1j),
}


@pytest.mark.parametrize("kind", BAD_SYNAPSES)
def test_bad_synapses_are_not_saved(kind, tmp_path):
    path = tmp_path / "model.red"
    expected = write_model(path)
    with pytest.raises((ValueError, TypeError), match=r"synapses|weights"):
        save_model([0, 1, 2], BAD_SYNAPSES[kind], {}, str(path))
    np.testing.assert_array_equal(load_model(str(path))[0], expected)
    assert [p.name for p in tmp_path.iterdir()] == ["model.red"]


@pytest.mark.parametrize(
    "parameters",
    [{"a": {1, 2}}, {"a": np.arange(3)}, {"a": float("nan")}, {"a": object}, {"a": b"x"},
     {"a": len}],
    ids=str,
)  # fmt: skip
def test_parameters_that_json_cannot_hold_are_not_saved(parameters, tmp_path):
    path = tmp_path / "model.red"
    expected = write_model(path)
    with pytest.raises((ValueError, TypeError), match="JSON"):
        save_model([0, 1, 2], np.ones((1, 3, 4)), parameters, str(path))
    np.testing.assert_array_equal(load_model(str(path))[0], expected)
    assert [p.name for p in tmp_path.iterdir()] == ["model.red"]


def test_path_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        write_model(tmp_path / "nowhere" / "model.red")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"irectory"):
        write_model(tmp_path / "folder")
    assert [p.name for p in tmp_path.rglob("*")] == ["folder"]


# ---------------------------------------------------------------- damage


def damaged(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(path.name)) as caught:
        load_model(str(path))
    assert "allow_pickle" not in str(caught.value)  # never talk anybody into that


@pytest.mark.parametrize("step", [0, 1, 2])
def test_file_cut_anywhere_is_refused(step, tmp_path):
    write_model(tmp_path / "whole.red")
    whole = (tmp_path / "whole.red").read_bytes()
    for size in range(5 + step, len(whole), 15):
        (tmp_path / "cut.red").write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"cut.red"):
            load_model(str(tmp_path / "cut.red"))


@pytest.mark.parametrize("bit", range(8))
def test_flipped_bit_is_noticed_or_harmless(bit, tmp_path):
    write_model(tmp_path / "whole.red")
    expected = load_model(str(tmp_path / "whole.red"))
    whole, noticed = (tmp_path / "whole.red").read_bytes(), 0
    path = tmp_path / "flipped.red"
    for at in range(bit, len(whole), 17):
        content = bytearray(whole)
        content[at] ^= 1 << bit
        path.write_bytes(content)
        try:
            found = load_model(str(path))
        except ValueError as error:
            assert "flipped.red" in str(error)  # noqa: PT017
            noticed += 1
        else:
            assert same(found, expected), at
    assert noticed > 0.5 * len(whole) / 17


@pytest.mark.parametrize("seed", range(5))
def test_overwritten_piece_is_noticed_or_harmless(seed, tmp_path):
    write_model(tmp_path / "whole.red")
    expected = load_model(str(tmp_path / "whole.red"))
    rng = np.random.default_rng(seed)
    whole = (tmp_path / "whole.red").read_bytes()
    path = tmp_path / "torn.red"
    for _ in range(30):
        at, size = rng.integers(0, len(whole) - 1), rng.integers(1, 600)
        piece = bytes(size) if rng.random() < 0.5 else rng.bytes(size)
        path.write_bytes((whole[:at] + piece + whole[at + size :])[: len(whole)])
        try:
            found = load_model(str(path))
        except ValueError as error:
            assert "torn.red" in str(error)  # noqa: PT017
        else:
            assert same(found, expected), at


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_pickles_never_run(tmp_path):
    bomb, fired = Bomb(str(tmp_path / "fired")), tmp_path / "fired"
    armed = np.array([bomb], dtype=object)
    write_model(tmp_path / "good.red")
    with np.load(tmp_path / "good.red") as archive:
        good = {key: archive[key] for key in archive}
    contents = [pickle.dumps(bomb, protocol=k) for k in range(6)]
    contents += [npy(armed), npz(synapses=armed, labels=armed, parameters=armed)]
    contents += [npz(**(good | {key: armed})) for key in good]
    for content in contents:
        damaged(tmp_path / "armed.red", content)
        assert not fired.exists()
    pickle.loads(contents[0])
    assert fired.exists()  # the bomb was real


def test_model_pickled_by_nervos_is_refused(tmp_path):
    old = (np.ones((1, 2, 3)), np.zeros(2), {"eta": 0.1})
    damaged(tmp_path / "old.red", pickle.dumps(old))


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\0" * 1000, b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b'{"eta": 0.1}',
     npy(np.arange(3)), npz(), npz(a=np.arange(3)), npz(synapses_0=np.ones((2, 3)))],
)  # fmt: skip
def test_file_of_another_kind_is_refused(content, tmp_path):
    damaged(tmp_path / "other.red", content)


def test_archive_without_one_of_its_parts_is_refused(tmp_path):
    write_model(tmp_path / "good.red")
    with np.load(tmp_path / "good.red") as archive:
        good = {key: archive[key] for key in archive}
    (tmp_path / "again.red").write_bytes(npz(**good))
    assert same(load_model(str(tmp_path / "again.red")), load_model(str(tmp_path / "good.red")))
    for key in good:
        damaged(tmp_path / "part.red", npz(**{k: v for k, v in good.items() if k != key}))
        damaged(tmp_path / "part.red", npz(**(good | {key: np.array("no such thing")})))


def compressed(arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def forged(arrays, name, shape):
    """An archive in which the header of one array claims another shape."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for key, array in arrays.items():
            content = npy(array)
            if key == name:
                header = io.BytesIO()
                np.lib.format.write_array_header_1_0(
                    header, {"descr": array.dtype.str, "fortran_order": False, "shape": shape}
                )
                content = header.getvalue() + array.tobytes()
            archive.writestr(f"{key}.npy", content)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["compressed", "synapses", "labels", "parameters"])
def test_small_file_that_claims_much_memory_is_refused(kind, tmp_path):
    write_model(tmp_path / "good.red")
    with np.load(tmp_path / "good.red") as archive:
        good = {key: archive[key] for key in archive}
    if kind == "compressed":
        content = compressed(good | {"synapses_0": np.zeros((3, 2_000_000))})
    else:
        name = "synapses_0" if kind == "synapses" else kind
        shape = {"synapses": (3, 10**8), "labels": (10**8,), "parameters": (10**8,)}[kind]
        damaged(tmp_path / "same.red", forged(good, name, (7, *good[name].shape)))
        content = forged(good, name, shape)
    assert len(content) < 200_000
    tracemalloc.start()
    try:
        damaged(tmp_path / "claim.red", content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5e6


def test_zip_of_text_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "text.red", "w") as archive:
        archive.writestr("readme.txt", "hello")
    damaged(tmp_path / "text.red", (tmp_path / "text.red").read_bytes())


def test_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_model(str(tmp_path / "nowhere.red"))
    with pytest.raises(OSError, match="irectory"):
        load_model(str(tmp_path))


def test_loading_closes_the_file(tmp_path):
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    write_model(tmp_path / "model.red")
    (tmp_path / "bad.red").write_bytes((tmp_path / "model.red").read_bytes()[:300])
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        load_model(str(tmp_path / "model.red"))
        with pytest.raises(ValueError, match=r"bad.red"):
            load_model(str(tmp_path / "bad.red"))
    assert len(os.listdir("/proc/self/fd")) <= before


# ---------------------------------------------------------------- atomicity

KILLED = """
import os, resource, signal, sys, time
import numpy as np
from nervos_sklearn import load_model, save_model

path, how = sys.argv[1:]
new = np.full((1, 50, 4000), 2.0)

def save(value):
    save_model(np.full(50, int(value)), np.full((1, 50, 4000), value), {"eta": value}, path)

save(1.0)
size = os.path.getsize(path)
limits = [1, 100, 5000, size // 2, size - 100, size - 1]
for k in range(len(limits) if how == "full" else 12):
    child = os.fork()
    if child == 0:
        if how == "full":  # the kernel kills the writer at this size
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (limits[k], limits[k]))
        while True:
            save(2.0)
            save(1.0)
            if how == "full":
                os._exit(0)
    if how == "kill":
        time.sleep(0.004 * k + 0.001)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    synapses, labels, parameters = load_model(path)
    whole = {float(x) for x in np.unique(synapses)} == {parameters["eta"]} == set(labels.tolist())
    print(os.WIFSIGNALED(status), whole, parameters["eta"], flush=True)
save(3.0)
print(load_model(path)[2]["eta"])
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX")
@pytest.mark.parametrize("how", ["full", "kill"])
def test_writer_killed_half_way_leaves_a_whole_file(how, tmp_path):
    pytest.importorskip("resource", reason="no limits of file sizes here")
    path = tmp_path / "model.red"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), how],
        capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.split("\n")[:-1]
    assert len(lines) == (6 if how == "full" else 12)
    for line in lines:
        killed, whole, value = line.split()
        assert (killed, whole) == ("True", "True")
        assert value == "1.0" if how == "full" else value in ("1.0", "2.0")
    assert last == "3.0"
    assert [p.name for p in tmp_path.iterdir()] == ["model.red"]  # nor is there any litter


def test_writers_do_not_disturb_each_other(tmp_path):
    code = (
        "import sys, time, numpy as np\nfrom nervos_sklearn import save_model\n"
        "start = time.monotonic()\n"
        "while time.monotonic() < start + 1.5:\n"
        "    save_model(range(5000), np.ones((1, 5000, 4)), {}, sys.argv[1])\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / name)])
        for name in ("a.red", "a.red", "b.red")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.red", "b.red"]


@pytest.mark.parametrize("limit", [0, 1, 1000, 100_000])
def test_full_disk_leaves_the_old_file_and_no_litter(limit, tmp_path):
    path = tmp_path / "model.red"
    expected = write_model(path)
    resource = pytest.importorskip("resource", reason="no limits of file sizes here")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError, match=r"(?i)large"):
            write_model(path, 0.75, n=10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    np.testing.assert_array_equal(load_model(str(path))[0], expected)
    assert [p.name for p in tmp_path.iterdir()] == ["model.red"]


def test_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "model.red"
    write_model(path, 1.0, n=20_000)
    code = (
        "import sys, numpy as np\nfrom nervos_sklearn import save_model\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    for v in (1.0, 2.0):\n"
        "        save_model(range(20000), np.full((1, 20000, 4), v), {'eta': v}, sys.argv[1])\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout.readline() == "ready\n"
        seen, start = set(), time.monotonic()
        while (spent := time.monotonic() - start) < 1 or (len(seen) < 2 and spent < 30):
            synapses, _, parameters = load_model(str(path))
            assert (synapses == parameters["eta"]).all()
            seen.add(parameters["eta"])
        assert seen == {1.0, 2.0}
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


# ---------------------------------------------------------------- directories, time, log


def test_get_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert os.path.samefile(get_cwd(), tmp_path)
    assert isinstance(get_cwd(), str)


def test_mkdir_makes_parents_and_may_be_repeated(tmp_path):
    path = tmp_path / "a" / "b" / "c"
    mkdir(str(path))
    (path / "kept").write_text("x")
    mkdir(str(path))
    assert (path / "kept").read_text() == "x"


def test_mkdir_over_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileExistsError):
        mkdir(str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "x"


def test_time():
    before = time.time()
    assert before <= timenow() <= time.time()
    now = time.mktime((2026, 3, 4, 5, 6, 7, 0, 0, -1))
    assert strftime(now) == "2026_03_04-05_06_07"
    assert re.fullmatch(r"\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d", strftime(timenow()))


def test_everything_works_without_asserts_and_docstrings():
    code = (
        "from nervos_sklearn import EnduranceSynapse, SNNClassifier\n"
        "from sklearn.datasets import load_iris\n"
        "X, y = load_iris(return_X_y=True)\n"
        "EnduranceSynapse(read_noise=0.1)\n"
        "print(SNNClassifier(epochs=3, random_state=0).fit(X, y).score(X, y) > 0.9)"
    )
    done = subprocess.run(
        [sys.executable, "-OO", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr


def test_import_is_silent_and_leaves_matplotlib_alone():
    code = (
        "import logging, sys, nervos_sklearn as n\n"
        "assert 'matplotlib' not in sys.modules\n"
        "assert isinstance(n.logger, logging.Logger)\n"
        "assert n.logger.name.split('.')[0] == 'nervos_sklearn'\n"
        "n.logger.info('hidden')\n"
        "assert not logging.getLogger().handlers\n"
        "n.Module(n.Parameters()).initialise_layers([2, 2])\n"
        "assert 'matplotlib' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---------------------------------------------------------------- pictures


@pytest.fixture
def plt():
    import matplotlib.pyplot as plt

    plt.close("all")
    yield plt
    plt.close("all")


def dots(ax):
    """Every marked point of an axis, as (x, y)."""
    points = [c.get_offsets() for c in ax.collections] + [line.get_xydata() for line in ax.lines]
    return sorted(tuple(map(float, p)) for points_ in points for p in points_)


def test_plot_draws_one_dot_a_spike(plt):
    train = np.zeros((4, 7), dtype=int)
    train[0, 3] = train[2, 5] = train[3, 1] = 1
    assert plot_spike_train(train) is None
    (number,) = plt.get_fignums()
    (ax,) = plt.figure(number).axes
    assert dots(ax) == [(1, 3), (3, 0), (5, 2)]
    low, high = ax.get_ylim()
    assert low <= 0
    assert high >= 3
    assert "time" in ax.get_xlabel().lower()
    assert ax.get_ylabel()
    plt.figure(number).canvas.draw()


def test_plot_of_silence_and_of_a_list(plt):
    plot_spike_train(np.zeros((3, 5)))
    assert dots(plt.gca()) == []
    plt.close("all")
    plot_spike_train([[0, 1], [1, 0]])
    assert dots(plt.gca()) == [(0, 1), (1, 0)]


def test_plot_ylim(plt):
    plot_spike_train(np.eye(9), ylim=(2, 5))
    assert plt.gca().get_ylim() == (2, 5)


def test_plot_does_not_change_the_train(plt):
    train = np.eye(5, dtype=np.uint8)
    train.flags.writeable = False
    plot_spike_train(train)
    assert (train == np.eye(5)).all()


@pytest.mark.parametrize(
    "train",
    [np.zeros(5), np.zeros((2, 3, 4)), 3, np.zeros((0, 5)), np.zeros((5, 0)),
     np.full((2, 2), np.nan), np.full((2, 2), np.inf), np.full((2, 2), 2), np.full((2, 2), -1),
     np.full((2, 2), 0.5), np.full((2, 2), "a"), None, [[0, 1], [1]]],
    ids=lambda t: f"{type(t).__name__}-{t}".replace("\n", ""),
)  # fmt: skip
def test_plot_of_what_is_no_spike_train_is_refused(train, plt):
    with pytest.raises((ValueError, TypeError), match=r"spike"):
        plot_spike_train(train)
    assert not plt.get_fignums()


@pytest.mark.parametrize("ylim", [(1,), (1, 2, 3), "ab", (0, np.nan), 5], ids=str)
def test_plot_with_a_bad_ylim_is_refused(ylim, plt):
    with pytest.raises((ValueError, TypeError), match="ylim"):
        plot_spike_train(np.eye(3), ylim=ylim)
    assert not plt.get_fignums()


def test_everything_here_is_in_common():
    for function in (get_cwd, load_model, mkdir, plot_spike_train, save_model, strftime, timenow):
        assert getattr(common, function.__name__) is function
