"""``efewidgets inspect --stimulus``: which stimulus protocols are, by their names and by their currents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .console import Console

if TYPE_CHECKING:
    from ..engine.files.by_current import Offer
    from ..engine.readers import FileSummary

Offers = Sequence[tuple[tuple[str, ...], "Offer"]]
METHOD = (
    "By the current: how well each kind of stimulus explains it; nothing is read so unless you say so in the "
    "metadata."
)


def stimuli_of(summaries: Sequence[FileSummary], check: Callable[[], None]) -> Offers:
    """Look at the currents of files; of two waves that belong together, at both."""
    from ..engine.files.by_current import offer

    found = []
    for paths, metadata, protocol in _asked(summaries):
        check()
        found.append((paths, offer([metadata], protocol)))
    return found


def _asked(summaries: Sequence[FileSummary]) -> Iterator[tuple[tuple[str, ...], dict[str, Any], str]]:
    """Yield the paths, metadata and name of each protocol."""
    from ..engine.files.guessing import pair_files
    from ..engine.readers.registry import suffixes_that_name_protocols

    by_path = {summary.path: summary for summary in summaries}
    sources, _ = pair_files(by_path, lambda path: by_path[path].unit)
    for source in sources:
        protocols = by_path[source.path].protocols
        if not source.path.lower().endswith(suffixes_that_name_protocols()):
            protocols = protocols[:1] or [""]  # all sweeps of the file are of one protocol
        for protocol in protocols or [""]:
            yield source.paths, source.metadata, protocol


def show_stimuli(console: Console, summaries: Sequence[FileSummary], offers: Offers | None) -> None:
    """Print what the currents are; where they weren't looked at, how that is asked for if a name says nothing."""
    if offers is None:
        from ..engine.files.by_current import family_by_name

        protocols = dict.fromkeys(name for summary in summaries for name in summary.protocols)
        unknown = [name for name in protocols if not family_by_name(name)]
        if unknown:
            names = ", ".join(unknown[:5]) + (", …" if len(unknown) > 5 else "")
            console.print()
            console.print(
                f"No stimulus is known by the name of {names}: with --stimulus the currents are looked at."
            )
        return
    console.print()
    console.title("Which stimulus is it?")
    for paths, one in offers:
        console.print(f"{one.protocol or ' + '.join(paths)}: {said(one)}")
    console.print(METHOD)


def said(offer: Offer) -> str:
    """Say what name and current tell."""
    if offer.problem:
        return offer.words
    if offer.contradiction:
        return f"NAME AND CURRENT DIFFER: {offer.contradiction}"
    if offer.by_name:
        return f"{offer.by_name} by its name; {offer.words}"
    if offer.suggested:
        return f'the name says nothing; {offer.words}. To read it so: "ecode": "{offer.suggested}" in its metadata'
    return f"the name says nothing; {offer.words}"
