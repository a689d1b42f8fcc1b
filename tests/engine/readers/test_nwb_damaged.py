"""NWB files with something wrong: one bad sweep is named, and doesn't take the others with it."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read

from .nwb_files import add_aibs, add_current, add_scala, add_series, bbp, groups, step, volts

V, I = "acquisition/ic__IV__0", "stimulus/presentation/ics__IV__0"  # noqa: E741


def replace(file, series, samples, **attrs):
    """Put other samples into a series, with the attributes of the old ones."""
    old = dict(file[series]["data"].attrs)
    del file[series]["data"]
    file[series]["data"] = samples
    file[series]["data"].attrs.update(old | attrs)


def nan_at(samples, *places):
    """Return a copy with missing values at some places."""
    samples = np.array(samples, np.float32)
    samples[list(places)] = np.nan
    return samples


def claims(file, series, n, chunks):
    del file[series]["data"]
    file[series].create_dataset("data", shape=(n,), dtype="f4", chunks=chunks)


def exchange_units(file):
    file[V]["data"].attrs["unit"], file[I]["data"].attrs["unit"] = "amperes", "volts"


def set_rate(rate):
    def change(file):
        for series in (V, I):
            file[series]["starting_time"].attrs["rate"] = rate

    return change


BROKEN = {
    "nan in the voltage": (
        lambda f: replace(f, V, nan_at(f[V]["data"], 1200, 1300)),
        "2 samples, the first at 120 ms",
    ),
    "infinite current": (
        lambda f: replace(f, I, np.where(np.arange(3000) == 7, np.inf, 1.0)),
        "the first at 0.7 ms",
    ),
    "no numbers": (lambda f: replace(f, V, np.full(3000, np.nan)), "no numbers at all"),
    "two channels": (lambda f: replace(f, V, np.zeros((3000, 2))), r"shape \(3000, 2\)"),
    "text": (lambda f: replace(f, V, np.array([b"a"] * 3000)), "text or records"),
    "no samples": (lambda f: (replace(f, V, np.zeros(0)), replace(f, I, np.zeros(0))), "no samples"),
    "one sample": (lambda f: (replace(f, V, np.zeros(1)), replace(f, I, np.zeros(1))), "only one sample"),
    "shorter current": (lambda f: replace(f, I, np.zeros(2000)), "3000 samples and the current 2000"),
    "shorter voltage": (lambda f: replace(f, V, np.zeros(2000)), "2000 samples and the current 3000"),
    "huge voltage": (lambda f: claims(f, V, 10**12, (10**6,)), "claims 1000000000000 samples, but only 0"),
    "huge current": (lambda f: claims(f, I, 10**12, (10**6,)), "current 1000000000000"),
    "unwritten voltage": (lambda f: claims(f, V, 3000, None), "claims 3000 samples, but only 0"),
    "unknown unit": (
        lambda f: f[V]["data"].attrs.update(unit="furlongs"),
        "'furlongs', the unit of the voltage",
    ),
    "no conversion": (lambda f: f[V]["data"].attrs.update(conversion=0.0), "conversion factor"),
    "text conversion": (lambda f: f[V]["data"].attrs.update(conversion="much"), "isn't one number"),
    "rate 0": (set_rate(0.0), "sampling rate of .* is 0 Hz"),
    "rate nan": (set_rate(np.nan), "sampling rate of .* is nan Hz"),
    "rate negative": (set_rate(-1e4), "is -10000 Hz"),
    "rate too low": (set_rate(10.0), "10 samples per second"),
    "no clock": (
        lambda f: [f[s].__delitem__("starting_time") for s in (V, I)],
        "neither a sampling rate nor",
    ),
    "no rate": (
        lambda f: [f[s]["starting_time"].attrs.__delitem__("rate") for s in (V, I)],
        "says no sampling rate",
    ),
    "link to another file": (
        lambda f: (f[V].__delitem__("data"), f[V].__setitem__("data", h5py.ExternalLink("there.h5", "/x"))),
        "lies in another file, 'there.h5'",
    ),
    "link to nowhere": (
        lambda f: (f[V].__delitem__("data"), f[V].__setitem__("data", h5py.SoftLink("/nowhere"))),
        "points to '/nowhere'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_bad_sweep_is_named_and_the_good_one_is_read(tmp_path, name):
    change, words = BROKEN[name]
    path = bbp(tmp_path / "a.nwb", ("IV",), 2)
    with h5py.File(path, "a") as file:
        change(file)
    assert len(inspect(path).sweeps) == 2
    sweeps, problems = read({"filepath": str(path), "protocol_name": "IV"})
    assert [s is None for s in sweeps] == [True, False]
    (problem,) = problems
    assert (problem.severity, problem.recording, problem.file) == ("error", "ic__IV__0", str(path))
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), "protocol_name": "IV"}, only=[0])


def test_exchanged_units_are_put_right_if_the_samples_say_so(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        exchange_units(file)
    (sweep,), (problem,) = read({"filepath": str(path), "protocol_name": "IV"})
    assert (sweep["v_unit"], sweep["i_unit"]) == ("volts", "amperes")
    assert problem.severity == "warning"
    with h5py.File(path, "a") as file:
        replace(file, V, np.full(3000, 1e-7))  # as a current in voltage clamp would be
    with pytest.raises(ReadError, match="a voltage-clamp sweep, or exchanged channels"):
        read({"filepath": str(path), "protocol_name": "IV"})


def test_tails_without_numbers_are_cut_with_a_warning(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        replace(file, V, nan_at(file[V]["data"], *range(2900, 3000)))
        replace(file, I, nan_at(file[I]["data"], *range(2950, 3000)))
    (sweep,), (problem,) = read({"filepath": str(path), "protocol_name": "IV"})
    assert len(sweep["voltage"]) == len(sweep["current"]) == 2900
    assert problem.severity == "warning"
    assert "last 100 samples" in problem.message


@pytest.mark.parametrize("other", ["AIBS", "Scala", "plain", "BBP"])
def test_a_series_that_is_a_broken_link_is_named(tmp_path, other):
    path = tmp_path / "a.nwb"
    if other == "BBP":
        bbp(path, ("IV",), 2)
    with h5py.File(path, "a") as file:
        for k in range(2) if other != "BBP" else ():
            if other == "AIBS":
                add_aibs(file, f"Sweep_{k}", "Step", k)
            elif other == "Scala":
                add_scala(file, f"{k}", k, None)
            else:
                add_series(groups(file)[0], f"v{k}", volts(k), kind="CurrentClampSeries")
                add_current(
                    groups(file)[1], f"i{k}", step(k), kind="CurrentClampStimulusSeries", sweep_number=k
                )
                file[f"acquisition/v{k}"].attrs["sweep_number"] = k
        voltages = file["acquisition/timeseries"] if other == "AIBS" else file["acquisition"]
        name = next(iter(voltages))
        del voltages[name]
        voltages[name] = h5py.ExternalLink("elsewhere.nwb", f"/acquisition/{name}")
    (sweep,), problems = read({"filepath": str(path)})
    assert len(sweep["voltage"]) == 3000
    assert problems[0].recording == name
    assert "lies in another file, 'elsewhere.nwb'" in problems[0].message


def test_a_link_back_to_the_root_does_no_harm(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        for group in (
            "acquisition",
            "stimulus/presentation",
            "data_organization/Cell 1",
            "data_organization",
        ):
            file[group]["loop"] = h5py.SoftLink("/")
    assert len(read({"filepath": str(path), "protocol_name": "IV"})[0]) == 1


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (["acquisition", "stimulus"], "no complete current-clamp sweep of this protocol"),
        (["data_organization", "acquisition"], "no /acquisition group"),
        (["data_organization", "stimulus"], "no current-clamp sweep"),
        (["data_organization/Cell 1"], "no current-clamp sweep"),
    ],
)
def test_missing_groups(tmp_path, gone, words):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        for group in gone:
            del file[group]
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), "protocol_name": "IV"})


@pytest.mark.parametrize("cut", [10, 600, 5000])
def test_a_truncated_file(tmp_path, cut):
    path = bbp(tmp_path / "a.nwb")
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ReadError, match="cut short"):
        read({"filepath": str(path), "protocol_name": "IV"})


def test_damaged_compressed_samples(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), 2)
    with h5py.File(path, "a") as file:
        values, attrs = file[V]["data"][()], dict(file[V]["data"].attrs)
        del file[V]["data"]
        data = file[V].create_dataset(
            "data", data=values, chunks=(3000,), compression="gzip", fletcher32=True
        )
        data.attrs.update(attrs)
        place = data.id.get_chunk_info(0).byte_offset
    raw = bytearray(path.read_bytes())
    raw[place + 40 : place + 60] = bytes(20)
    path.write_bytes(bytes(raw))
    sweeps, (problem,) = read({"filepath": str(path), "protocol_name": "IV"})
    assert [s is None for s in sweeps] == [True, False]
    assert "the file is damaged" in problem.message


def test_more_samples_than_a_sweep_can_have(tmp_path, monkeypatch):
    from efewidgets.engine.readers import hdf5

    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    monkeypatch.setattr(hdf5, "MAX_SAMPLES", 2999)
    with pytest.raises(ReadError, match="has 3000 samples; no more than 2999"):
        read({"filepath": str(path), "protocol_name": "IV"})


def test_samples_in_one_column_are_a_row(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV",), 1)
    with h5py.File(path, "a") as file:
        before = file[V]["data"][()]
        replace(file, V, before[:, np.newaxis])
    (sweep,), _ = read({"filepath": str(path), "protocol_name": "IV"})
    assert np.array_equal(sweep["voltage"], (before.astype(np.float64) * 1e-3).astype(np.float32))
