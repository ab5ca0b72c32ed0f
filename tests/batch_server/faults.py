"""Planted faults: what strikes when. What a fault does is written in the registries of bad_calls,
bad_replies, bad_files, bad_lines and fates; catalogue.py lists them all.
"""

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

ROUTES = (
    "files.create",
    "files.list",
    "files.retrieve",
    "files.delete",
    "files.content",
    "batches.create",
    "batches.list",
    "batches.retrieve",
    "batches.cancel",
    "models.list",
    "models.retrieve",
    "chat.completions",
)


class Kind(NamedTuple):
    """One kind of fault. `routes`: where it may be planted, the first one if nothing is said (none:
    it belongs to no call). `applies`: whether an object of a reply can suffer it at all; calls whose
    reply cannot are not counted. `spoils`: a paid answer that it strikes is lost.
    """

    about: str
    act: Callable[..., Any]
    routes: tuple[str, ...] = ()
    applies: Callable[[dict], bool] = lambda value: True
    spoils: bool = False


@dataclass
class Fault:
    """A planted fault. It strikes at the chances `nth` to `nth + times - 1` (times None: for ever), or
    from the nth on for `for_s` elapsed seconds, each time with the probability `share` (drawn from
    `seed`). A chance is a call of its `route`, a line that is written, or a batch that is created;
    `batch`: only those that concern the nth batch.

    What some kinds need: `status`, `code`, `retry_after` and `retry_after_ms` (header texts;
    "date:30" is the date in 30 s by the server's clock), `seconds`, `part` (of the lines or bytes),
    `pid`. `loses`: what it keeps from being read counts as lost by the provider.
    """

    kind: str
    place: str
    route: str | None = None
    nth: int = 1
    times: int | None = 1
    for_s: float | None = None
    share: float = 1.0
    seed: int = 0
    batch: int | None = None
    status: int = 500
    code: str | None = None
    retry_after: str | None = None
    retry_after_ms: str | None = None
    seconds: float | None = None
    part: float = 0.5
    pid: int | None = None
    loses: bool = False
    chances: int = 0
    began: float | None = None
    struck: int = 0

    def __post_init__(self) -> None:
        self.draw = random.Random(f"{self.seed}:{self.kind}:{self.route}")

    def strikes(self, elapsed: float) -> bool:
        """Count a chance; return whether the fault happens at it."""
        self.chances += 1
        if self.chances < self.nth:
            return False
        if self.began is None:
            self.began = elapsed
        if self.for_s is not None:
            due = elapsed < self.began + self.for_s
        else:
            due = self.times is None or self.chances < self.nth + self.times
        due = due and (self.share >= 1 or self.draw.random() < self.share)
        self.struck += due
        return due


class Faults:
    """The faults that are planted, what struck, the calls that were made, and the processes that
    may be killed.
    """

    def __init__(self) -> None:
        self.planted: list[Fault] = []
        self.calls: list[str] = []
        self.log: list[dict] = []
        self._processes: dict[int, bool] = {}

    def plant(self, values: dict, kinds: dict[str, dict[str, Kind]]) -> None:
        """Plant the fault of JSON fields; ValueError says what is wrong with them. kinds: by place."""
        taken = {entry.name for entry in fields(Fault)} - {"place", "chances", "began", "struck"}
        if unknown := set(values) - taken:
            raise ValueError(f"unknown fields of a fault: {', '.join(sorted(unknown))}")
        name, route = values.get("kind"), values.get("route")
        place = next((place for place, group in kinds.items() if name in group), None)
        if place is None:
            raise ValueError(
                f"no fault {name!r}; there are {', '.join(n for g in kinds.values() for n in g)}"
            )
        routes = kinds[place][name].routes
        if route is not None and route not in routes:
            raise ValueError(f"route is one of {', '.join(routes)} for {name}, not {route}")
        if routes and route is None:
            route = routes[0]
        self.planted.append(Fault(**{**values, "place": place, "route": route}))

    def strike(
        self,
        place: str,
        route: str | None,
        elapsed: float,
        batch: int | None = None,
        applies: Callable[[Fault], bool] = lambda fault: True,
    ) -> list[Fault]:
        """Give each fault of a place and route its chance; return those that happen."""
        found = [
            fault
            for fault in self.planted
            if fault.place == place
            and fault.route == route
            and fault.batch in (None, batch)
            and applies(fault)
            and fault.strikes(elapsed)
        ]
        self.log += [
            {
                "kind": fault.kind,
                "route": route,
                "chance": fault.chances,
                "elapsed": elapsed,
                "seed": fault.seed,
            }
            for fault in found
        ]
        return found

    def register_process(self, pid: int, group: bool = False) -> None:
        """Allow a process (or the process group that it leads) to be killed; ValueError for one
        that must not be.
        """
        if pid <= 1 or pid == os.getpid():
            raise ValueError(f"process {pid} must not be killed")
        if group and (os.getpgid(pid) != pid or pid == os.getpgrp()):
            raise ValueError(f"process {pid} does not lead a process group of its own")
        os.kill(pid, 0)
        self._processes[pid] = group

    def kill(self, fault: Fault) -> None:
        """Kill the fault's process (without one: all that are registered), once."""
        for pid in [fault.pid] if fault.pid is not None else list(self._processes):
            group = self._processes.pop(pid, None)
            if group is not None:
                (os.killpg if group else os.kill)(pid, signal.SIGKILL)
