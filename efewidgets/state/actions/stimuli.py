"""Actions on what stimulus protocols are: looking at their currents, and reading them as what these show."""

from __future__ import annotations

from collections.abc import Iterable

from ...engine.files.by_current import Offer, family_by_name, offer
from ...engine.problems import EfeError, nearest
from ...engine.stages.inputs import FileInputs, Inputs
from .files import FileActions, with_recipe

ECODE = "ecode"


class StimulusActions(FileActions):
    """Actions on the families of stimuli as which protocols are read."""

    def stimuli_by_current(self, protocols: Iterable[str] | None = None) -> list[Offer]:
        """Say which stimulus protocols are, by the currents of their sweeps; nothing is changed.

        Parameters
        ----------
        protocols : list of str, optional
            By default those whose name says nothing.

        Returns
        -------
        list of Offer
            `take_by_current` takes those that are right.
        """
        inputs = self.inputs
        wanted = unknown_protocols(inputs) if protocols is None else list(protocols)
        for name in wanted:
            if name not in inputs.protocols:
                raise EfeError(f"there is no protocol {name!r}.{nearest(name, inputs.protocols)}")
        return [look(inputs, name) for name in wanted]

    def take_by_current(self, offers: Offer | Iterable[Offer]) -> None:
        """Read protocols as the stimuli that their currents show: one edit, which says so and can be undone.

        Files of which a person said what stimulus they are stay as they are.
        """
        listed = [offers] if isinstance(offers, Offer) else list(offers)
        wrong = next((one for one in listed if not one.kind.ecode), None)
        if wrong is not None or not listed:
            why = f"{wrong.protocol!r}: {wrong.words}" if wrong else "none is given"
            raise EfeError(f"no stimulus can be taken from this current ({why}).")
        ecodes = {one.protocol: one.kind.ecode for one in listed}

        def changed(file: FileInputs) -> FileInputs:
            return with_recipe(file, metadata=file.metadata.changed({ECODE: ecodes[file.protocol]}))

        with self._lock:
            chosen = {
                file.id
                for _, file in self.inputs.files()
                if file.protocol in ecodes and not file.metadata.get(ECODE)
            }
            if not chosen:
                raise EfeError("of these files it is said already what stimulus they are.")
            said = ", ".join(f"{protocol} as {ecode}" for protocol, ecode in ecodes.items())
            self._edit(chosen, changed, f"read {said}, by the current")


def files_of(inputs: Inputs, protocol: str) -> list[FileInputs]:
    """Return the files of a protocol: those of which nobody said the stimulus, if there are such."""
    files = [file for _, file in inputs.files() if file.protocol == protocol]
    return [file for file in files if not file.metadata.get(ECODE)] or files


def said_family(inputs: Inputs, protocol: str) -> str:
    """Return the family as which a protocol is read, "" if none is known."""
    files = files_of(inputs, protocol)
    said = files[0].metadata.get(ECODE) if files else None
    return family_by_name(protocol, said if isinstance(said, str) else None)


def unknown_protocols(inputs: Inputs) -> list[str]:
    """Return the protocols whose name tells no stimulus, and of which nobody said it."""
    return [name for name in inputs.protocols if not said_family(inputs, name)]


def look(inputs: Inputs, protocol: str) -> Offer:
    """Look at the currents of a protocol."""
    reader = inputs.recording_reader.function if inputs.recording_reader else None
    files = [file.recipe.as_metadata() for file in files_of(inputs, protocol)]
    return offer(files, protocol, said_family(inputs, protocol), reader)
