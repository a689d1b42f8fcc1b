"""The private engine proves itself: with the installed eFEL, and with ones that differ from it."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import textwrap

import efel
import pytest

from efewidgets.engine.features import efel_graph, efel_proof, efel_trial
from efewidgets.engine.features.efel_engine import PrivateEngine
from efewidgets.engine.features.efel_graph import TWO_TRACES, cpp_lines, feature_names, needs_current, reads

ROOT = pathlib.Path(__file__).resolve().parents[3]

#: Appended to an eFEL: who calls its own functions is written down, and one feature comes out otherwise
OTHERWISE = """
import os as _os
from efel import api as _api
_plain = _api.get_feature_values

def get_feature_values(*args, **more):
    with open(_os.environ["CALLED_BY"], "a") as file:
        file.write(f"{_os.getpid()}\\n")
    found = _plain(*args, **more)
    for values in found:
        if values.get("AP_amplitude") is not None:
            values["AP_amplitude"] = values["AP_amplitude"] + 1.0
    return found
"""
#: … and one that takes its process with it, in the trial
DEADLY = """
import os as _os
from efel import api as _api
_plain = _api.get_feature_values

def get_feature_values(*args, **more):
    from efewidgets.engine.apart import is_apart
    if is_apart():
        _os.abort()
    return _plain(*args, **more)
"""
#: Prints what comes out of two features, how often eFEL's own functions are called for them, and what is known
LOOK = """
import json, sys
import efel
from efewidgets.engine.features import efel_proof
from efewidgets.engine.features.efel_features import feature_values
from efewidgets.engine.features.efel_trial import trials

if __name__ == "__main__":
    trace = trials()[0]
    names = ["AP_amplitude", "voltage_base"]
    found = feature_values(trace.t, trace.v, None, trace.start, trace.end, names)
    given = {"T": trace.t, "V": trace.v, "stim_start": [trace.start], "stim_end": [trace.end]}
    own = {name: efel.get_feature_values([given], [name])[0][name] for name in names}
    print(json.dumps({
        "same": all((found[name] == own[name]).all() for name in names),
        "spikes": len(own["AP_amplitude"]),
        "stock": efel_proof.proof().stock,
        "engine": efel_proof.private_engine() is not None,
        "installed": efel_proof.installed(),
    }))
"""
#: As `LOOK`, where a trial fails the test
LOOK_WITHOUT_TRIAL = """
from efewidgets.engine import apart
def ask(*_):
    raise AssertionError("another trial")
apart.ask = ask
"""


@pytest.fixture
def stub(tmp_path):
    """A copy of the installed eFEL, to be changed."""
    folder = tmp_path / "packages"
    original = pathlib.Path(efel.__file__).parent
    shutil.copytree(original, folder / "efel", ignore=shutil.ignore_patterns("__pycache__"))
    if (libraries := original.with_name("efel.libs")).is_dir():
        shutil.copytree(libraries, folder / "efel.libs")
    return folder / "efel"


def changed(stub: pathlib.Path, code: str) -> None:
    with (stub / "__init__.py").open("a", encoding="utf-8", newline="\n") as file:
        file.write(code)


def start(stub: pathlib.Path, code: str = LOOK, **environment: str) -> subprocess.Popen[str]:
    """Run code in a process that imports that eFEL, with a cache of its own."""
    folder = stub.parents[1]
    known = {
        "PYTHONPATH": os.pathsep.join([str(stub.parent), str(ROOT)]),
        "EFEWIDGETS_CACHE": str(folder / "cache"),
        "CALLED_BY": str(folder / "called"),
    }
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code), encoding="utf-8", newline="\n")
    return subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | known | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def look(stub: pathlib.Path, code: str = LOOK, **environment: str) -> tuple[dict, str]:
    """Return what the code prints, and what it says on the way."""
    process = start(stub, code, **environment)
    out, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    return json.loads(out), told


def proofs(stub: pathlib.Path) -> list[pathlib.Path]:
    return list((stub.parents[1] / "cache-efel").glob("*.json"))


def test_with_the_installed_efel_every_feature_is_the_engines():
    """Whatever its version: each feature has a value on some trace of the trial, and each is eFEL's, bit for bit."""
    assert efel_trial.features_that_differ() == []


def test_the_trial_takes_all_features_of_one_trace():
    names = set(feature_names()) - set(TWO_TRACES)
    assert len(names) > 150
    assert len(list(efel_trial.runs())) > len(efel_trial.trials()) > 8


def test_a_feature_that_comes_out_otherwise_is_found_and_those_that_are_made_of_it(monkeypatch):
    """One unit in the last place; who needs it stands in eFEL's dependency file, here walked from the other end."""
    plain = PrivateEngine._run

    def otherwise(self, name):
        found = plain(self, name)
        return found * (1 + 2**-52) if name == "AP_fall_time" and found is not None else found

    monkeypatch.setattr(PrivateEngine, "_run", otherwise)
    expected = {"AP_fall_time"}
    while more := {name for name, (_, needed) in cpp_lines().items() if expected & set(needed)} - expected:
        expected |= more
    assert set(efel_trial.features_that_differ()) == expected | {"AP_fall_time"}


def test_a_python_feature_falls_with_what_it_is_made_of(monkeypatch):
    """The ISI_CV is made of ISI_values, and these of peak_time; Spikecount is made of peak_indices."""
    plain = PrivateEngine._run

    def otherwise(self, name):
        found = plain(self, name)
        return found + 1e-9 if name == "peak_time" and found is not None else found

    monkeypatch.setattr(PrivateEngine, "_run", otherwise)
    found = set(efel_trial.features_that_differ())
    assert {"peak_time", "ISI_values", "ISI_CV", "mean_frequency"} <= found
    assert not {"Spikecount", "voltage_base", "sag_ratio1", "time_constant"} & found


def test_a_feature_without_a_value_on_any_trace_is_not_proved(monkeypatch):
    silent = [trial for trial in efel_trial.trials() if trial.name in ("flat", "sag")]
    monkeypatch.setattr(efel_trial, "trials", lambda: silent)
    found = efel_trial.features_that_differ()
    assert "AP_width" in found
    assert "voltage_base" not in found


def test_a_feature_that_comes_out_otherwise_is_efels_own_and_it_is_said(stub):
    changed(stub, OTHERWISE)
    found, told = look(stub)
    assert found["same"]
    assert found["spikes"] > 3
    assert found["engine"]
    assert "AP_amplitude" in found["stock"]
    assert "voltage_base" not in found["stock"]
    assert f"eFEL {efel.__version__}: " in told
    assert "are computed by its own functions, which takes longer" in told
    assert told.count("its own functions") == 1
    assert len(proofs(stub)) == 1
    again, told = look(stub, LOOK_WITHOUT_TRIAL + LOOK)
    assert again == found
    assert told.count("its own functions") == 1


def test_an_efel_that_dies_in_the_trial_is_left_to_its_own_functions(stub):
    changed(stub, DEADLY)
    found, told = look(stub)
    assert (found["same"], found["stock"], found["engine"]) == (True, None, False)
    assert "its own functions compute the features" in told
    assert "crashed" in told
    assert proofs(stub) == []  # it may have been the machine


def test_an_efel_in_which_nothing_is_where_it_was(stub):
    (stub / "pyfeatures" / "isi.py").rename(stub / "pyfeatures" / "intervals.py")
    for path in (stub / "pyfeatures").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("pyfeatures.isi", "pyfeatures.intervals").replace("from .isi", "from .intervals")
        path.write_text(text, encoding="utf-8", newline="\n")
    found, told = look(stub)
    assert (found["same"], found["stock"]) == (True, None)
    assert "its own functions compute the features" in told


def test_line_ends_make_no_other_efel_and_nothing_is_said_where_all_is_the_same(stub):
    found, told = look(stub)
    assert (found["same"], found["stock"], told) == (True, [], "")
    for path in [*stub.rglob("*.py"), *stub.rglob("*.txt"), *stub.rglob("*.json")]:
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert look(stub, LOOK_WITHOUT_TRIAL + LOOK) == (found, "")
    changed(stub, "\n# another one\n")
    assert look(stub)[0]["installed"] != found["installed"]


@pytest.mark.slow
def test_a_cache_that_can_not_be_written_is_no_fault(stub):
    file = stub.parents[1] / "a file"
    file.touch()
    found, told = look(stub, EFEWIDGETS_CACHE=str(file / "cache"))
    assert (found["same"], found["stock"], told) == (True, [], "")


def test_what_is_damaged_on_disk_is_as_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "cache"))
    efel_proof.folder().mkdir()
    proof = efel_proof.Proof("this one", ("AP_width",))
    efel_proof._keep(proof)
    assert efel_proof._kept("this one") == proof
    (file,) = efel_proof.folder().iterdir()
    whole = json.loads(file.read_text(encoding="utf-8"))
    changes = [{"stock": ["no_such_feature"]}, {"stock": None}, {"stock": [[]]}, {"of": "that one"}]
    for text in ("", "[]", "{", "{}", *(json.dumps(whole | change) for change in changes)):
        file.write_text(text, encoding="utf-8", newline="\n")
        assert efel_proof._kept("this one") is None
    file.write_bytes(b"\xff\xfe")
    assert efel_proof._kept("this one") is None


@pytest.mark.slow
def test_two_at_the_same_time_make_one_trial(stub):
    changed(stub, OTHERWISE.replace("+ 1.0", "+ 0.0"))
    code = LOOK.replace("    own =", "    print(json.dumps({'same': True})); sys.exit()\n    own =")
    both = [start(stub, code) for _ in range(2)]
    for process in both:
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
    called_by = (stub.parents[1] / "called").read_text(encoding="utf-8").split()
    assert len(set(called_by)) == 1
    assert set(called_by).isdisjoint({str(process.pid) for process in both})


def test_a_trial_that_was_killed_keeps_nobody_waiting(tmp_path, monkeypatch):
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "cache"))
    mark = efel_proof.folder() / "name.trying"
    mark.parent.mkdir()
    mark.touch()
    os.utime(mark, (1e9, 1e9))
    with efel_proof._turn("name"):
        assert mark.stat().st_mtime > 1e9
    assert not mark.exists()


#: Features by workers, where nothing is kept on disk
WORKERS = """
import json
from efewidgets.datasets import sample_config
from efewidgets.engine.parallel import WorkerPool
from efewidgets.extract import extract_efeatures

if __name__ == "__main__":
    config = sample_config()
    files = {"RS1": {name: config["files_metadata"]["RS1"][name] for name in ("IDthresh", "IDrest")}}
    names = ("mean_frequency", "voltage_base")
    targets = [{"efeature": n, "protocol": "IDrest", "amplitude": 200, "tolerance": 60} for n in names]
    with WorkerPool(2) as pool:
        found = extract_efeatures("unused", files, targets, protocols_rheobase=["IDthresh"], executor=pool)
    assert found[0]
    print(json.dumps({}))
"""


def test_workers_are_told_what_is_proved(stub):
    changed(stub, OTHERWISE.replace("+ 1.0", "+ 0.0"))
    file = stub.parents[1] / "a file"
    file.touch()
    look(stub, WORKERS, EFEWIDGETS_CACHE=str(file / "cache"))
    assert len(set((stub.parents[1] / "called").read_text(encoding="utf-8").split())) == 1


def test_a_worker_with_another_efel_takes_nothing_over(monkeypatch):
    monkeypatch.setattr(efel_proof, "_found", None)
    efel_proof.accept(efel_proof.Proof("another", ()))
    assert efel_proof._found is None
    own = efel_proof.Proof(efel_proof.installed(), ("AP_width",))
    efel_proof.accept(own)
    assert efel_proof.proof() is own


def test_a_cpp_feature_of_a_newer_efel_may_read_anything(monkeypatch):
    """What its code reads can't be seen, so that it gets the current and depends on each setting."""
    with monkeypatch.context() as patch:
        patch.setattr(efel_graph, "CPP_READS_NO_MORE", efel_graph.CPP_READS_NO_MORE - {"AP_height"})
        reads.cache_clear()
        assert needs_current("AP_height")
        assert {"Threshold", "stimulus_current", "sahp_start"} <= reads("AP_height")
        assert not needs_current("peak_time")
    reads.cache_clear()
    assert not needs_current("AP_height")


def test_what_stands_for_files_follows_their_contents_not_their_times(tmp_path, monkeypatch):
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "DependencyV5.txt"
    file.write_bytes(b"LibV1:a\nLibV1:b\n")
    first = efel_proof._digests([file], "5.7.34")
    assert efel_proof._digests([file], "5.7.34") == first
    os.utime(file, ns=(1, 1))
    assert efel_proof._digests([file], "5.7.34") == first
    file.write_bytes(b"LibV1:a\r\nLibV1:b\r\n")  # the same text, as Windows has it
    assert efel_proof._digests([file], "5.7.34") == first
    assert efel_proof._digests([file], "5.7.35") != first
    file.write_bytes(b"LibV1:a\nLibV1:c\n")
    assert efel_proof._digests([file], "5.7.34") != first


def test_what_is_kept_of_files_may_be_damaged_or_not_be_kept_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "a.txt"
    file.write_bytes(b"text")
    first = efel_proof._digests([file], "")
    (kept,) = efel_proof.folder().iterdir()
    kept.write_bytes(b"\xff")
    assert efel_proof._digests([file], "") == first
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(file / "no folder"))
    assert efel_proof._digests([file], "") == first
