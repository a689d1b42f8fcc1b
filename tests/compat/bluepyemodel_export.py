"""What BluePyEModel makes of the files that are exported for it; a program of its own.

``python -m tests.compat.bluepyemodel_export FOLDER [SHARED_DATA]`` writes FOLDER/report.json.
"""

from __future__ import annotations

import contextlib
import copy
import json
import math
import pathlib
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from efewidgets import datasets
from efewidgets.engine.config.document import parse_config
from efewidgets.engine.export import Choices, format_named, write_export
from efewidgets.engine.extraction.run import Extraction, run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.roles import with_roles
from tests.compat.bluepyemodel_mistreats import mistreated

NAME = "mycell"

#: What only our files say, by the part that says it
ADDED = {
    "stimulus": {"long_amp_rel", "depol_amp_rel", "amp_rel"},
    "settings": {"stim_start", "stim_end", "strict_stiminterval", "interp_step"},
    "feature": {"weight"},
}


def sample(**changes: Any) -> Extraction:
    """Extract from the sample cells."""
    return run_extraction(parse_config(datasets.sample_config() | changes)[0], run)


def real(shared: pathlib.Path, case: str, **changes: Any) -> Extraction:
    """Extract what a case of the shared data asks, with the roles that suit its targets best."""
    config = json.loads((shared / "cases" / case / "config.json").read_text(encoding="utf-8"))
    asked = {k: v for k, v in config["settings"].items() if v is not None and k != "recording_reader"}
    targets = config["targets"] if asked.get("absolute_amplitude") else with_roles(config["targets"])
    asked |= {"files_metadata": config["files_metadata"], "targets": targets}
    asked |= {"protocols_rheobase": config["protocols_rheobase"]} | changes
    for name in ("output_directory", "map_function"):
        asked.pop(name, None)
    return run_extraction(parse_config(asked, shared / "recordings")[0], run)


def loaded(folder: pathlib.Path) -> Any:
    """Return BluePyEModel's own view of a folder."""
    from bluepyemodel.access_point.local import LocalAccessPoint

    return LocalAccessPoint(NAME, emodel_dir=folder, recipes_path="config/recipes.json")


def own_form(extraction: Extraction, settings: Any) -> dict[str, Any]:
    """Return what BluePyEModel makes of our three files."""
    from bluepyemodel.evaluation.fitness_calculator_configuration import FitnessCalculatorConfiguration

    found = FitnessCalculatorConfiguration(
        name_rmp_protocol=settings.name_rmp_protocol,
        name_rin_protocol=settings.name_Rin_protocol,
        validation_protocols=list(settings.validation_protocols),
    )
    classic = (extraction.features, extraction.protocols_dict, extraction.currents)
    found.init_from_bluepyefe(*copy.deepcopy(classic), None)
    return json.loads(json.dumps(found.as_dict(), default=lambda value: value.tolist()))


def differing(theirs: Any, ours: Any, place: str = "") -> list[str]:
    """Return where two trees differ by more than 1e-12, relative."""
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        keys = sorted({*theirs, *ours})
        return [d for key in keys for d in differing(theirs.get(key), ours.get(key), f"{place}/{key}")]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        pairs = enumerate(zip(theirs, ours, strict=True))
        return [d for i, pair in pairs for d in differing(*pair, f"{place}/{i}")]
    if isinstance(theirs, float) and isinstance(ours, (int, float)):
        return [] if math.isclose(theirs, ours, rel_tol=1e-12) else [place]
    return [] if theirs == ours else [place]


def by_name(form: dict[str, Any]) -> dict[str, Any]:
    """Return features and protocols by what they are, as their order is nobody's business."""
    features = {
        f"{f['protocol_name']}.{f['recording_name']}.{f['efeature_name'] or f['efel_feature_name']}": f
        for f in form["efeatures"]
    }
    return {"efeatures": features, "protocols": {p["name"]: p for p in form["protocols"]}}


def evaluator(access: Any, threshold_based: bool) -> dict[str, Any]:
    """Return class, beginning and end of each protocol of BluePyEModel's evaluator, and how many features it has."""
    from bluepyemodel.evaluation import evaluator as made

    define = (
        made.define_threshold_based_optimisation_protocol
        if threshold_based
        else made.define_optimisation_protocol
    )
    form = access.get_fitness_calculator_configuration()
    settings = access.pipeline_settings.efel_settings
    runner, features = define(form, include_validation_protocols=True, efel_settings=settings)
    protocols = {
        name: [type(p.stimuli[0]).__name__, p.stim_start(), p.stim_end()]
        for name, p in runner.protocols.items()
    }
    windows = {f.name: [f.stim_start, f.stim_end] for f in features if not callable(f.stim_start)}
    return {"protocols": protocols, "features": len(features), "windows": windows}


def report_on(extraction: Extraction, folder: pathlib.Path, **choices: Any) -> dict[str, Any]:
    """Export, let BluePyEModel load it, and tell what it finds."""
    export = format_named("bluepyemodel").build(extraction, Choices(NAME, **choices))
    told = {"refusals": list(export.refusals), "remarks": list(export.remarks)}
    if export.refusals:
        return told
    write_export(export, folder)
    with contextlib.chdir(folder):
        access = loaded(folder)
        written = json.loads((folder / f"config/features/{NAME}.json").read_text(encoding="utf-8"))
        form = {key: written[key] for key in ("efeatures", "protocols")}
        targets = access.get_targets_configuration()
        threshold_based = access.pipeline_settings.name_rmp_protocol is not None
        return told | {
            "equal": access.get_fitness_calculator_configuration().as_dict() == form,
            "differences": differing(by_name(own_form(extraction, access.pipeline_settings)), by_name(form)),
            "evaluator": evaluator(access, threshold_based),
            "protocols": {p["name"]: p["stimuli"][0] for p in form["protocols"]},
            "types": sorted({p["protocol_type"] for p in form["protocols"]}),
            "files": {cell: sorted(own) for cell, own in targets.files_metadata_BPE.items()},
            "valid": targets.is_configuration_valid,
            "again": extracted_again(access, form),
        }


def extracted_again(access: Any, form: dict[str, Any]) -> dict[str, list[str]]:
    """Run BluePyEModel's own extraction, by BluePyEfe and with efewidgets in its place; tell where it differs."""
    import bluepyefe.extract
    from bluepyemodel.efeatures_extraction.efeatures_extraction import extract_save_features_protocols

    import efewidgets.extract

    theirs, found = bluepyefe.extract.extract_efeatures, {}
    access.pipeline_settings.plot_extraction = False
    for package, extract in (("bluepyefe", theirs), ("efewidgets", efewidgets.extract.extract_efeatures)):
        bluepyefe.extract.extract_efeatures = extract
        try:
            again = extract_save_features_protocols(access).as_dict()
        except Exception as error:
            found[package] = [f"{type(error).__name__}: {error}"]
        else:
            again = json.loads(json.dumps(again, default=lambda value: value.tolist()))
            found[package] = differing(by_name(again), by_name(form))
        finally:
            bluepyefe.extract.extract_efeatures = theirs
    return found


def stimuli() -> dict[str, str]:
    """Return BluePyEModel's pieces of names, in its order, with the stimulus that each stands for."""
    from bluepyemodel.ecode import eCodes

    return {piece: ecode.__name__ for piece, ecode in eCodes.items()}


def main(folder: pathlib.Path, shared: pathlib.Path | None) -> None:
    """Write the report."""
    report: dict[str, Any] = {"stimuli": stimuli(), "mistreated": mistreated(sample())}
    validation = [
        target
        | ({"role": "validation"} if (target["protocol"], target["amplitude"]) == ("IDrest", 300) else {})
        for target in datasets.sample_targets()
    ]
    report["sample"] = report_on(sample(), folder / "sample")
    report["decided"] = report_on(
        sample(targets=validation), folder / "decided", interpolate_rmp=True, std_cap=True, std_floor=0.05
    )
    report["in nA"] = report_on(
        sample(
            absolute_amplitude=True,
            targets=[
                {"efeature": name, "protocol": "IDrest", "amplitude": 0.12, "tolerance": 0.012}
                for name in ("mean_frequency", "voltage_base")
            ],
        ),
        folder / "absolute",
    )
    if shared is not None:
        report["real"] = report_on(real(shared, "ibw_relative_given_timing"), folder / "real")
        report["real in nA"] = report_on(real(shared, "ibw_absolute_amplitude"), folder / "real-absolute")
        report["vu"] = report_on(real(shared, "syn_vu_all"), folder / "vu", threshold_based=False)
    (folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None)
