"""Many visitors of one dashboard at once: how soon each sees a figure and is answered, and what all of them take.

    python -m tests.benchmarks.visitors [--visitors N] [--within S] [--seconds S] [--browsers N] [--spoilers]
        [--warm N] [--places N] [--memory SIZE] [--settle S]

    --visitors 20 --browsers 3 --within 60 --seconds 600 --memory 4G     a class, which comes within a minute
    --visitors 0 --browsers 8 --seconds 120                              eight real browsers
    --visitors 20 --seconds 300 --memory 2G --spoilers                   two of them take all that there is

All but `--browsers` of them are light: they speak to their kernels as pages do, without a browser, so that what a
browser takes isn't measured. All come within a second, or `--within` S, and click on a step every 1 to 3 s, for S
seconds. Beside s by the clock, which others' work on the machine makes longer, stands the processor time of the server
and its kernels until the last figure was out. With `--spoilers` one page computes without end after a third of the
time, and another takes memory until it is ended after two.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import Any

import psutil
from tornado.httpclient import AsyncHTTPClient

from tests.benchmarks.spoilers import ENDLESS, GREEDY, prepare, spoil
from tests.benchmarks.visitor import CLICK_PATIENCE, PATIENCE, STEPS, Visitor

#: s that the last of twenty may wait for a figure, and 95 % of clicks for an answer, on two cores
LIMITS = {"figure": 20.0, "click": 0.3}
_LOOK_EVERY = 2.0
#: s after which memory is to be flat; in shorter runs after half of them
_FLAT_AFTER = 180.0


@dataclass
class Taken:
    """What a server and its kernels take.

    Attributes
    ----------
    private, shared : float
        MB that nobody else has, and with their part of what several have (PSS).
    server : float
        MB (PSS) of the server alone.
    processes : int
    when : float
        s, as `time.monotonic()`.
    """

    private: float = 0.0
    shared: float = 0.0
    server: float = 0.0
    processes: int = 0
    when: float = field(default_factory=time.monotonic)


@dataclass
class Server:
    """A dashboard that runs as a process of its own, and what it took until now."""

    folder: pathlib.Path
    arguments: list[str]
    taken: list[Taken] = field(default_factory=list)
    cpu: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://localhost:{port}/"
        command = [sys.executable, "-m", "efewidgets", "dashboard", "--no-browser", f"--port={port}"]
        environment = os.environ | {"XDG_DATA_HOME": str(self.folder / "data")}
        environment["EFEWIDGETS_CACHE"] = str(self.folder / "cache")
        self.log = self.folder / "server.log"
        with self.log.open("w", encoding="utf-8", newline="\n") as output:
            self.process = psutil.Popen(
                [*command, *self.arguments], stdout=output, stderr=subprocess.STDOUT, env=environment
            )
        while self.url not in self.log.read_text(encoding="utf-8"):
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text(encoding="utf-8"))
            time.sleep(0.1)

    def family(self) -> list[psutil.Process]:
        """Return the server and all that it has started."""
        return [psutil.Process(self.process.pid), *self.process.children(recursive=True)]

    def look(self) -> None:
        """Take note of what is taken just now."""
        found = Taken()
        for process in self.family():
            try:
                about = process.memory_full_info()
                times = process.cpu_times()
            except psutil.Error:  # gone meanwhile
                continue
            self.cpu[process.pid] = times.user + times.system
            found.private += about.uss / 2**20
            found.shared += about.pss / 2**20
            found.processes += 1
            if process.pid == self.process.pid:
                found.server = about.pss / 2**20
        self.taken.append(found)

    def stop(self) -> tuple[float, int]:
        """End it; return the s that it took, and how many processes were left."""
        family, begun = self.family(), time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        psutil.wait_procs(family, 20)
        took = time.monotonic() - begun
        left = [process for process in family if process.is_running()]
        for process in left:
            process.kill()
        return took, len(left)


@dataclass
class Drawn:
    """What real browsers saw.

    Attributes
    ----------
    figures, clicks : list of float
        s until a figure was drawn, and from each click until its step stood there.
    unanswered : int
    said : list of str
        What stood on their consoles, and why a page wasn't there.
    """

    figures: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    unanswered: int = 0
    said: list[str] = field(default_factory=list)

    async def visit(self, browser: Any, url: str, after: float, until: float, chance: random.Random) -> None:
        """Open the page and click on its steps, as a person."""
        await asyncio.sleep(after)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("pageerror", lambda error: self.said.append(str(error)[:120]))
        page.on("console", lambda told: told.type == "error" and self.said.append(told.text[:120]))
        begun = time.monotonic()
        try:
            await page.goto(url, timeout=1e3 * PATIENCE)
            await page.wait_for_selector(".bqplot svg", timeout=1e3 * PATIENCE)
        except Exception as error:
            self.said.append(f"not opened: {str(error)[:80]}")
            return
        self.figures.append(time.monotonic() - begun)
        number = -1
        while time.monotonic() < until:
            number = chance.choice([one for one in range(len(STEPS)) if one != number])
            await self._click(page, number)
            await asyncio.sleep(chance.uniform(1, 3))
        await page.close(run_before_unload=True)

    async def _click(self, page: Any, number: int) -> None:
        place, begun = f".efe-dashboard-{STEPS[number]}:not(.efe-dashboard-hidden)", time.monotonic()
        try:
            await page.locator("button.efe-step-button").nth(number).click(timeout=1e3 * CLICK_PATIENCE)
            await page.wait_for_selector(place, state="attached", timeout=1e3 * CLICK_PATIENCE)
        except Exception as error:
            self.unanswered += 1
            self.said.append(f"click: {str(error)[:60]}")
        else:
            self.clicks.append(time.monotonic() - begun)


async def visits(server: Server, chosen: argparse.Namespace) -> tuple[list[Visitor], Drawn, float]:
    """Have all visitors come; return them, what browsers saw, and the processor time until the last figure."""
    AsyncHTTPClient.configure(None, max_clients=2 * chosen.visitors + 10)
    chance, drawn = random.Random(1), Drawn()
    until = time.monotonic() + chosen.seconds
    visitors = [Visitor(server.url) for _ in range(chosen.visitors)]
    server.look()
    before, first = sum(server.cpu.values()), [0.0]

    async def come(visitor: Visitor, after: float) -> None:
        await asyncio.sleep(after)
        await visitor.visit(until, random.Random(after))

    async def watch() -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            await asyncio.to_thread(server.look)
            if not first[0] and all(one.seen.figure or one.seen.trouble for one in visitors):
                first[0] = sum(server.cpu.values()) - before

    async def spoilers() -> None:
        for what in (ENDLESS, GREEDY):
            await asyncio.sleep(chosen.seconds / 3)
            spoil(server.folder, what)

    beside = [asyncio.ensure_future(watch())]
    if chosen.spoilers:
        beside.append(asyncio.ensure_future(spoilers()))
    coming = [come(visitor, chosen.within * chance.random()) for visitor in visitors]
    if chosen.browsers:
        from playwright.async_api import async_playwright

        from tests.browser.conftest import CHROMIUM, FLAGS

        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
            coming += [
                drawn.visit(browser, server.url, chosen.within * chance.random(), until, random.Random(k))
                for k in range(chosen.browsers)
            ]
            await asyncio.gather(*coming)
            await browser.close()
    else:
        await asyncio.gather(*coming)
    for task in beside:
        task.cancel()
    return visitors, drawn, first[0]


def slope(taken: list[Taken]) -> float:
    """Return how memory grows, MB a minute, from when it is to be flat until the last look with visitors."""
    begun, ended = taken[0].when, taken[-1].when
    after = min(begun + _FLAT_AFTER, (begun + ended) / 2)
    times, sizes = zip(*((one.when / 60, one.shared) for one in taken[:-1] if one.when >= after), strict=True)
    return statistics.linear_regression(times, sizes).slope if len(set(times)) > 1 else 0.0


def worst(found: list[float], part: float = 1.0) -> float:
    """Return what a part of all stays within."""
    return sorted(found)[min(len(found) - 1, int(part * len(found)))] if found else float("nan")


def main() -> int:
    """Measure, print, and return 1 if somebody saw no figure or had no answer, or a limit wasn't kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=20, help="light ones (20)")
    parser.add_argument("--browsers", type=int, default=0, help="real ones beside them (0)")
    parser.add_argument("--seconds", type=float, default=120, help="until all leave (120)")
    parser.add_argument("--within", type=float, default=1, help="s within which all come (1)")
    parser.add_argument(
        "--spoilers", action="store_true", help="one page computes without end, one fills memory"
    )
    parser.add_argument("--warm", type=int, help="kernels that wait (what the command has by itself)")
    parser.add_argument("--places", type=int, help="visitors at the same time (any number)")
    parser.add_argument("--memory", help="of the server and all pages, as 4G")
    parser.add_argument(
        "--settle", type=float, default=8, help="s until they come, for kernels to be ready (8)"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        given = {"warm": chosen.warm, "visitors": chosen.places, "memory": chosen.memory}
        asked = [f"--{option}={value}" for option, value in given.items() if value is not None]
        if chosen.spoilers:
            asked += prepare(pathlib.Path(name))
        server = Server(pathlib.Path(name), asked)
        try:
            time.sleep(chosen.settle)
            visitors, drawn, cpu = asyncio.run(visits(server, chosen))
            time.sleep(_LOOK_EVERY)
            server.look()
        finally:
            ended, left = server.stop()
        log = server.log.read_text(encoding="utf-8").splitlines()[1:]
    return report(chosen, server, visitors, drawn, cpu, ended, left, log)


def report(
    chosen: argparse.Namespace,
    server: Server,
    visitors: list[Visitor],
    drawn: Drawn,
    cpu: float,
    ended: float,
    left: int,
    log: list[str],
) -> int:
    """Print what was seen; return 1 unless all is as it should be."""
    figures = [one.seen.figure for one in visitors if one.seen.figure is not None]
    clicks = [click for one in visitors for click in one.seen.clicks]
    unanswered = sum(one.seen.unanswered for one in visitors)
    load = os.getloadavg()[0]
    print(
        f"\n{len(visitors)} light visitors and {chosen.browsers} browsers, {chosen.seconds:.0f} s; load {load:.1f}"
    )
    print(
        f"  saw a figure        {len(figures)} of {len(visitors)}, browsers {len(drawn.figures)} of {chosen.browsers}"
    )
    if figures:
        print(
            f"  first figure out    median {statistics.median(figures):.1f} s, last {max(figures):.1f} s;"
            f" each: {' '.join(f'{one:.1f}' for one in sorted(figures))}"
        )
        print(
            f"  until then          {cpu / (len(visitors) + chosen.browsers):.2f} s of processor time a visitor"
        )
    print(f"  had to wait         {sum(one.seen.waited for one in visitors)}")
    if drawn.figures:
        print(f"  drawn in browsers   {' '.join(f'{one:.1f}' for one in sorted(drawn.figures))} s")
    _tell("click to answer", clicks, unanswered)
    _tell("in browsers", drawn.clicks, drawn.unanswered)
    _tell_of_processes(server, ended, left)
    troubles = [one.seen.trouble for one in visitors if one.seen.trouble]
    for line in dict.fromkeys([*troubles, *drawn.said, *log]):
        print(f"  said                {line}")
    whole = len(figures) == len(visitors) and len(drawn.figures) == chosen.browsers
    answered = not unanswered + drawn.unanswered and len(troubles) <= chosen.spoilers
    in_time = worst(figures) <= LIMITS["figure"] if figures else True
    in_time = in_time and (not clicks or worst(clicks, 0.95) <= LIMITS["click"])
    return 0 if whole and answered and in_time and not left else 1


def _tell(what: str, clicks: list[float], unanswered: int) -> None:
    if clicks:
        print(
            f"  {what:<20}median {1e3 * statistics.median(clicks):.0f} ms, 95 %"
            f" {1e3 * worst(clicks, 0.95):.0f} ms, most {1e3 * max(clicks):.0f} ms; {len(clicks)} clicks,"
            f" {unanswered} without an answer"
        )


def _tell_of_processes(server: Server, ended: float, left: int) -> None:
    most = max(server.taken, key=lambda taken: taken.shared)
    each = (most.private - most.server) / max(most.processes - 1, 1)
    print(
        f"  memory at most      {most.shared:.0f} MB (PSS), the server {most.server:.0f} MB;"
        f" {each:.0f} MB private a kernel ({most.processes} processes)"
    )
    print(f"  memory grows by     {slope(server.taken):.1f} MB a minute")
    of_all, of_server = sum(server.cpu.values()), server.cpu[server.process.pid]
    print(f"  processor time      {of_all:.1f} s in all, the server {of_server:.1f} s")
    print(
        f"  in the end          {server.taken[-1].processes} processes, {server.taken[-1].shared:.0f} MB;"
        f" ended in {ended:.1f} s, {left} left"
    )


if __name__ == "__main__":
    raise SystemExit(main())
