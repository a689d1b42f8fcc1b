"""Every door of the page, and what somebody with a browser's console may send through it."""

from __future__ import annotations

import contextlib
import json
import pathlib

import h5py
import ipywidgets
import numpy as np
import pytest

from efewidgets import Dashboard, datasets
from efewidgets.app import page
from efewidgets.app.begin import new_name
from efewidgets.app.settings import VARIABLE, Settings
from efewidgets.app.steps import NAMES
from efewidgets.engine.guard import set_guard
from efewidgets.engine.outputs.standard_files import FILE_NAMES
from efewidgets.engine.problems import EfeError
from efewidgets.engine.readers import inspect, read
from tests.app.conftest import SECRET, in_time, sent_to_page
from tests.app.traps import WAYS, draw_on

#: Ways out that anybody would try, and some that they would not
WAYS_OUT = [
    "..",
    "../other",
    "../other/session.json",
    "out/session.json",
    "link.json",
    "chain.json",
    "deep/../../other/session.json",
    "down/../../other/session.json",
    "/etc/passwd",
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/dev/zero",
    "~root/.bashrc",
    "//etc/passwd",
]

#: What leads nowhere at all, however often it is unpacked
NOWHERE = [
    "file:///etc/passwd",
    "\\\\server\\share\\x",
    "..\\other\\session.json",
    "%2e%2e/other/session.json",
    "․․/other/session.json",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}/other/session.json",
    "a\nb/../x.json",
    "x" * 5000,
    "a/" * 3000 + "x",
    "\0",
    "cell.nwb\0.json",
    "\ud800",
]


# --- paths that are typed


def test_the_folder_field_leads_nowhere_else(dashboard, caplog):
    browser = dashboard.parts["FileSelector"].browser
    for path in WAYS_OUT:
        caplog.clear()
        browser.message.clear()
        browser.folder.set_state({"value": path})
        assert browser.place == ""
        assert {row["name"] for row in browser.table.rows} == {"deep/", "down/", "cell.nwb"}
        assert browser.message.text
        assert "refused" in caplog.text or path.startswith("~")  # a name like any other, of no file


def test_what_leads_nowhere_is_said(dashboard):
    selector, panel = dashboard.parts["FileSelector"], dashboard.parts["SessionPanel"]
    for path in NOWHERE:
        panel.message.clear()
        selector.browser.message.clear()
        selector.browser.folder.value = path
        assert selector.browser.message.text
        assert selector.browser.place == ""
        panel.path.value = path
        in_time(panel.opens.click)
        assert panel.message.text
        assert dashboard.state.inputs.cells == ()


def test_selected_rows_and_buttons_lead_nowhere_else(dashboard, caplog):
    selector = dashboard.parts["FileSelector"]
    table = selector.browser.table
    for path in WAYS_OUT:
        table.refused = None
        selector.browser.message.clear()
        table._handle_custom_msg({"kind": "button", "id": path, "column": "open"}, [])
        assert table.refused is not None
        table.set_state({"selected": [path]})
        selector.browser.add.click()
        selector.wait()
        assert selector.browser.message.text
        assert selector.preview.paths == []


def test_sessions_outside_are_not_opened(dashboard, caplog):
    panel = dashboard.parts["SessionPanel"]
    for path in [way for way in WAYS_OUT if not way.startswith("down")]:
        caplog.clear()
        panel.message.clear()
        panel.path.value = path
        in_time(panel.opens.click)
        assert "out of reach" in panel.message.text
        assert "refused to read" in caplog.text
        assert dashboard.parts["SessionPanel"] is panel


def test_sessions_are_written_nowhere_else(dashboard, caplog):
    panel = dashboard.parts["SessionPanel"]
    for path in [way for way in WAYS_OUT if way[0] in "./~d"]:
        caplog.clear()
        panel.message.clear()
        panel.path.value = path
        panel.saves.click()
        assert "out of reach" in panel.message.text
        assert "refused to write" in caplog.text


def test_what_is_no_file_is_not_waited_for(dashboard):
    panel = dashboard.parts["SessionPanel"]
    for path in ("pipe.json", "deep", "."):
        panel.message.clear()
        panel.path.value = path
        in_time(panel.opens.click)
        assert panel.message.text


def test_results_are_saved_nowhere_else(dashboard, caplog):
    dashboard.step = "export"
    panel = dashboard.parts["ResultsPanel"]
    for path in [way for way in WAYS_OUT if "json" not in way]:
        panel.folder.value = path
        for button in (panel.save, panel.replace):
            caplog.clear()
            button.click()
            assert "name a folder inside" in panel.said.text
            assert "refused to save in" in caplog.text


# --- what sessions say


def files(entry):
    return lambda lab: {"files_metadata": {"c": {"IDrest": [{k: str(v(lab)) for k, v in entry.items()}]}}}


def fixed(path):
    return lambda lab: path


def outside(lab):
    return lab.other / "cell.nwb"


def efel_file(lab):
    return {"dependencyfile_path": str(lab.other / "secret.txt")}


BAD_SESSIONS = {
    "a path": files({"filepath": outside}),
    "a relative path": files({"filepath": fixed("../other/cell.nwb")}),
    "a link": files({"filepath": fixed("link.nwb")}),
    "a linked folder": files({"filepath": fixed("out/cell.nwb")}),
    "dots behind a link that leads down": files({"filepath": fixed("down/../../other/cell.nwb")}),
    "a voltage": files({"v_file": outside, "i_file": fixed("cell.nwb")}),
    "a current": files({"v_file": fixed("cell.nwb"), "i_file": outside}),
    "a system file": files({"filepath": fixed("/proc/self/environ")}),
    "an output directory": lambda lab: {"output_directory": str(lab.other)},
    "an output directory by dots": lambda lab: {"output_directory": "../other"},
    "a reader": lambda lab: {"recording_reader": "os:system"},
    "a reader beside it": lambda lab: {"recording_reader": "trap:read"},
    "eFEL's file": lambda lab: {"efel_settings": efel_file(lab)},
    "eFEL's file of a target": lambda lab: {
        "targets": [lab.config("")["targets"][0] | {"efel_settings": efel_file(lab)}]
    },
}


@pytest.mark.parametrize("name", BAD_SESSIONS)
def test_a_session_that_reaches_outside_is_refused(dashboard, lab, name, caplog):
    (lab.root / "trap.py").write_text("raise SystemExit('it was run')", encoding="utf-8", newline="\n")
    before = dashboard.state
    dashboard.parts["SessionPanel"].path.value = str(lab.session(**BAD_SESSIONS[name](lab)))
    dashboard.parts["SessionPanel"].opens.click()
    assert dashboard.state is before
    assert "out of reach" in dashboard.parts["SessionPanel"].message.text
    assert "refused to" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"a": 1, "a": 2}',
        '{"files_metadata": NaN}',
        '{"threshold_nvalue_save": ' + "9" * 5000 + "}",
        '{"files_metadata": {"c": {"p": "../other/cell.nwb"}}}',
        '{"files_metadata": {"c": {"p": ["../other/cell.nwb"]}}}',
        '{"files_metadata": {"c": {"p": [{"filepath": ["../other/cell.nwb"]}]}}}',
        '{"files_metadata": {"c": {"p": [{"filepath": {"x": 1}}]}}}',
        '{"files_metadata": {"c": "../other/cell.nwb"}}',
        '{"files_metadata": {"c": {"p": [{"filepath": "\\u0000"}]}}}',
        '{"files_metadata": {"c": {"p": [{"filepath": "\\ud800"}]}}}',
    ],
)
def test_odd_sessions_change_nothing(dashboard, lab, text):
    before = dashboard.state
    (lab.root / "odd.json").write_text(text, encoding="utf-8", newline="\n")
    dashboard.parts["SessionPanel"].path.value = "odd.json"
    in_time(dashboard.parts["SessionPanel"].opens.click)
    assert dashboard.state is before
    assert dashboard.parts["SessionPanel"].message.text


def test_a_session_is_not_asked_about_files_that_are_not_its_own(dashboard, lab, monkeypatch):
    looked_at = []
    monkeypatch.setattr("efewidgets.state.sessions.saving.stamp", looked_at.append)
    files = {name: {"size": 1, "sha256": "x"} for name in ("../other/secret.txt", "/dev/zero", "cell.nwb")}
    dashboard.open_session(lab.session(state={"format": 1, "files": files}))
    assert looked_at == [str(lab.root / "cell.nwb")]


def test_a_session_too_large_is_not_read(dashboard, lab, monkeypatch):
    monkeypatch.setattr("efewidgets.app.fence.LARGEST_TEXT", 10)
    with pytest.raises(EfeError, match="too large"):
        dashboard.open_session(lab.session())


def test_the_address_names_no_other_folder(lab, monkeypatch):
    (lab.scratch.parent / "elsewhere").mkdir()
    (lab.scratch.parent / "elsewhere" / "session.json").write_text(
        json.dumps(lab.config(lab.root / "cell.nwb")), encoding="utf-8", newline="\n"
    )
    (lab.scratch / "aaaaaaaaaaaaaaaa").mkdir()
    bad = lab.config(lab.other / "cell.nwb")
    (lab.scratch / "aaaaaaaaaaaaaaaa" / "session.json").write_text(
        json.dumps(bad), encoding="utf-8", newline="\n"
    )
    settings = Settings(str(lab.root), str(lab.root), str(lab.root), str(lab.scratch))
    monkeypatch.setenv(VARIABLE, settings.environment()[VARIABLE])
    monkeypatch.chdir(lab.root)
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    for name in (
        "../elsewhere",
        "..%2Felsewhere",
        "aaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaa.2",
        f"{new_name()}/../x",
    ):
        monkeypatch.setenv("QUERY_STRING", f"session={name}")
        page.warm()
        page.show()
        assert shown[-1].state.inputs.cells == ()
        assert "elsewhere" not in str(shown[-1].fence.scratch)
        shown[-1].close()
    set_guard(None)
    (lab.scratch.parent / "elsewhere" / "session.json").unlink()
    (lab.scratch.parent / "elsewhere").rmdir()


# --- recordings that are not what they seem


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("chain", [False, True])
def test_recordings_draw_on_no_file_outside(dashboard, lab, way, chain, caplog):
    path = draw_on(
        lab.other / ("secret.txt" if way == "external storage" else "cell.nwb"), lab.scratch / "a.nwb", way
    )
    if chain:
        path = draw_on(path, lab.scratch / "b.nwb", "external link")
    for look in (lambda: read({"filepath": str(path)}), lambda: inspect(path)):
        caplog.clear()
        with pytest.raises(EfeError, match="draws on another file"):
            look()
        assert "refused to read" in caplog.text
    set_guard(None)
    assert len(read({"filepath": str(path)})[0][0]["voltage"])  # so it would have been
    dashboard.fence.enclose()


def test_a_recording_may_draw_on_its_neighbour(dashboard, lab, monkeypatch):
    monkeypatch.chdir(lab.root)
    path = draw_on(pathlib.Path("cell.nwb"), lab.root / "linked.nwb", "external link")
    assert len(read({"filepath": str(path)})[0][0]["voltage"])
    (lab.root / "linked.nwb").unlink()


def test_matlab_files_draw_on_no_file_outside(dashboard, lab):
    with h5py.File(lab.other / "t.mat", "w") as file:
        file["x"] = np.stack([np.arange(100) / 1e4, np.full(100, 42.0)])
    with h5py.File(lab.scratch / "t.mat", "w") as file:
        for k in (1, 2):
            file[f"Trace_1_1_1_{k}"] = h5py.ExternalLink(str(lab.other / "t.mat"), "/x")
    with pytest.raises(EfeError, match="draws on another file"):
        read({"filepath": str(lab.scratch / "t.mat")})
    (lab.other / "t.mat").unlink()


def test_a_lab_s_own_format_is_read_inside_only(dashboard, lab):
    opened = []
    for path in ("link.nwb", "../other/cell.nwb", "/etc/passwd"):
        with pytest.raises(EfeError, match="out of reach"):
            read({"filepath": str(lab.root / path)}, opened.append)
    assert not opened


def test_a_link_that_is_made_later_is_not_followed(dashboard, lab):
    path = lab.root / "later.nwb"
    path.write_bytes((lab.root / "cell.nwb").read_bytes())
    selector = dashboard.parts["FileSelector"]
    selector.choose(["later.nwb"])
    selector.wait()
    path.unlink()
    path.symlink_to(lab.other / "cell.nwb")
    dashboard.state.add_files("c", "IDrest", str(path))
    (problem,) = [p for p in dashboard.state.problems if p.kind == "file"]
    assert "out of reach" in problem.message
    assert not dashboard.state.results.members


@pytest.mark.parametrize("name", ["pipe.nwb", "/dev/zero", "/proc/self/mem"])
def test_pipes_and_devices_are_not_waited_for(dashboard, lab, name):
    assert "pipe.nwb" not in {row["name"] for row in dashboard.parts["FileSelector"].browser.table.rows}
    for suffix in ("", ".abf"):
        with contextlib.suppress(EfeError):
            in_time(lambda s=suffix: dashboard.state.add_files(f"c{s}", "IDrest", str(lab.root / name) + s))
    in_time(lambda: dashboard.state.problems)
    assert not dashboard.state.results.members
    in_time(lambda: dashboard.state.save(lab.scratch / "s.json"))


# --- uploads


def test_no_upload_leaves_its_folder(dashboard, lab):
    upload = dashboard.parts["FileSelector"].upload
    names = [
        "../../x.nwb",
        "/etc/x",
        "",
        ".",
        "..",
        "CON",
        "n" * 4000,
        "a\0b",
        "a\nb",
        "\u202egpj.exe",
        "~/x",
        "a/" * 999,
    ]
    for number, name in enumerate([*names, *names]):
        upload._handle_custom_msg({"kind": "begin", "id": number, "name": name, "size": 2, "batch": 1}, [])
        upload._handle_custom_msg({"kind": "piece", "id": number, "offset": 0, "batch": 1}, [b"ab"])
    assert len(upload.received) == 2 * len(names)
    assert len(set(upload.received)) == 2 * len(names)
    assert all(pathlib.Path(path).resolve().is_relative_to(lab.scratch) for path in upload.received)


@pytest.mark.parametrize(
    "messages",
    [
        [{"kind": "piece", "offset": -1}],
        [{"kind": "piece", "offset": 1}],
        [{"kind": "piece", "offset": "0"}],
        [{"kind": "piece", "offset": None}],
        [{"kind": "piece"}],
        [{"kind": "piece", "offset": 0}, {"kind": "piece", "offset": 0}],
        [{"kind": "end"}, {"kind": "piece", "offset": 2}],
        [{"kind": "begin", "name": "y", "size": 9}],
        [{"kind": "cancel"}, {"kind": "piece", "offset": 0}],
        [{"kind": []}, {}, {"kind": "end", "batch": {}}],
    ],
)
def test_pieces_that_do_not_fit_leave_nothing(dashboard, lab, messages):
    upload = dashboard.parts["FileSelector"].upload
    upload._handle_custom_msg({"kind": "begin", "id": "k", "name": "x.abf", "size": 3}, [])
    for message in messages:
        upload._handle_custom_msg({"id": "k"} | message, [b"abcd"])
    assert upload.received == ()
    upload.inbox.close()
    assert not list(lab.scratch.rglob("*.part"))
    assert not list(lab.scratch.rglob("x*"))


@pytest.mark.parametrize("size", [-1, 2**62, 1e9, "3", None, [3], float("nan")])
def test_sizes_that_cannot_be_are_refused(dashboard, lab, size):
    upload = dashboard.parts["FileSelector"].upload
    upload._handle_custom_msg({"kind": "begin", "id": "k", "name": "x.abf", "size": size}, [])
    assert not upload.inbox.incoming
    assert not list(lab.scratch.iterdir())


def test_many_uploads_at_once_are_refused(dashboard):
    upload = dashboard.parts["FileSelector"].upload
    for number in range(200):
        upload._handle_custom_msg({"kind": "begin", "id": number, "name": "x", "size": 3}, [])
    assert len(upload.inbox.incoming) <= 20


@pytest.mark.parametrize("options", [{"read_only": True}, {"scratch": None}])
def test_readers_write_nothing(lab, options):
    found = Dashboard(**({"root": lab.root, "scratch": lab.scratch, "options": dict} | options))
    found.step = "export"
    found.toggles["Session"].value = True
    assert found.parts["FileSelector"].upload is None
    assert not hasattr(found.parts["ResultsPanel"], "save")
    assert found.parts["SessionPanel"].saves.comm is None
    assert not list(lab.scratch.iterdir())
    found.close()


# --- targets and settings


@pytest.mark.parametrize("inside", [True, False])
def test_efel_is_given_no_file_to_read(dashboard, lab, inside, caplog):
    path = str((lab.scratch if inside else lab.other) / "secret.txt")
    (lab.scratch / "secret.txt").write_text("LibV5:peak_voltage", encoding="utf-8", newline="\n")
    settings = json.dumps({"dependencyfile_path": path})
    dashboard.step = "targets"
    editor = dashboard.parts["TargetEditor"]
    target = {"protocol": "IDrest", "amplitude": 150, "tolerance": 20, "efeature": "AP_amplitude"}
    cells = f"IDrest\t150\t20\tAP_amplitude\tname\t{settings}\t1"
    for text in (json.dumps([target | {"efel_settings": json.loads(settings)}]), cells):
        editor.text.value = text
        editor.read.click()
        assert "can't be" in editor.text_message.text or "out of reach" in editor.text_message.text
    table = dashboard.parts["SettingsEditor"].table
    table._handle_custom_msg(
        {
            "kind": "edit",
            "ids": ["dependencyfile_path"],
            "id": "dependencyfile_path",
            "column": "value",
            "text": path,
        },
        [],
    )
    assert table.refused is not None
    assert dashboard.state.inputs.efel_settings is None
    assert not dashboard.state.inputs.targets
    assert inside or "refused to read" in caplog.text


def test_names_make_no_path(dashboard, lab):
    name = "../../other/x"
    session = lab.config(
        lab.root / "cell.nwb", extract_per_cell=True, rheobase_values={name: 0.1}, plot=False
    )
    session["files_metadata"] = {name: session["files_metadata"]["c"]}
    session["targets"][0] |= {"efeature_name": name}
    (lab.root / "session.json").write_text(json.dumps(session), encoding="utf-8", newline="\n")
    dashboard.open_session("session.json")
    dashboard.step = "export"
    dashboard.parts["ResultsPanel"].folder.value = "out"
    dashboard.parts["ResultsPanel"].save.click()
    assert "Saved" in dashboard.parts["ResultsPanel"].done.text
    written = {path.name for path in (lab.scratch / "out").rglob("*") if path.is_file()}
    assert written == set(FILE_NAMES.values())
    (inner,) = [path for path in (lab.scratch / "out").iterdir() if path.is_dir()]
    assert inner.name == "%2E.%2F..%2Fother%2Fx"


# --- all that can be sent


HOSTILE = [
    "/etc/passwd", "../other/secret.txt", "link.nwb", "out", ["../other"], [["../other"]], {"value": "../other"}, -1,
    10**9, None, True, "", "x" * 10_000, ["/etc/passwd", {}], {"id": "../other"}, 1e308, "f1/../..", "\0",
]  # fmt: skip
KINDS = ["begin", "piece", "end", "cancel", "edit", "button", "paste", "ready", "ask", "click", "?"]


@pytest.fixture
def others():
    """Models that earlier tests have left: they stand on no page of this lab, and have no fence."""
    return set(ipywidgets.widgets.widget._instances)


def test_no_message_to_any_widget_gets_out(others, dashboard, lab, caplog):
    """Each trait that the browser may set is set, and each message sent, to each model of the page."""
    dashboard.open_session(lab.session())
    for name in NAMES:
        dashboard.step = name
    for toggle in dashboard.toggles.values():
        toggle.value = True
    looks = (ipywidgets.Layout, ipywidgets.widgets.Style)  # nothing in the kernel listens to these
    found = {i: m for i, m in ipywidgets.widgets.widget._instances.items() if i not in others}
    models = [m for m in found.values() if not isinstance(m, looks)]
    models = [m for m in models if not type(m).__module__.startswith("bqplot")]
    assert len(models) > 100
    for number, model in enumerate(models):
        for k, name in enumerate(model.keys):
            if name.startswith("_") or name in ("layout", "style", "children"):
                continue
            with contextlib.suppress(Exception):  # ipykernel logs it, and goes on
                model.set_state({name: HOSTILE[(number + k) % len(HOSTILE)]})
        for k, kind in enumerate(KINDS):
            value = HOSTILE[(number + k) % len(HOSTILE)]
            keys = (
                "id",
                "name",
                "column",
                "text",
                "ids",
                "matrix",
                "offset",
                "size",
                "batch",
                "number",
                "version",
            )
            with contextlib.suppress(Exception):
                model._handle_custom_msg({"kind": kind, "event": kind} | dict.fromkeys(keys, value), [b"x"])
    in_time(lambda: dashboard.parts["FileSelector"].wait(20), 30)
    inside = (str(lab.root), str(lab.scratch), str(datasets.sample_folder()))
    assert all(file.path.startswith(inside) for _, file in dashboard.state.inputs.files())
    assert SECRET not in sent_to_page()
    assert not list(lab.root.glob("*.part"))
