"""Faults on the way: at the nth call of a route the reply is an error, late, cut or missing, or a
process is killed.

`before` means before the server has done anything, `after` when it has done everything and only the
reply is lost.
"""

import asyncio
import os
import signal
from dataclasses import dataclass, field, fields

KINDS = (
    "status",
    "status_after",
    "drop_before",
    "drop_after",
    "slow",
    "half",
    "kill_before",
    "kill_after",
    "kill_half",
)


@dataclass
class Fault:
    """A fault at calls `nth` to `nth + times - 1` of a route (as Route.name has it), counted from now on.

    `status`, `code` and `retry_after` (a header's text, or None) belong to the kinds `status` and
    `status_after`, `seconds` (of real time) to `slow`, `pid` to the kinds that kill.
    """

    route: str
    kind: str
    nth: int = 1
    times: int = 1
    status: int = 500
    code: str | None = None
    retry_after: str | None = None
    seconds: float = 0.0
    pid: int | None = None
    calls: int = 0

    @classmethod
    def from_dict(cls, values: dict, routes: set[str]) -> "Fault":
        """Return the fault of JSON fields; ValueError says what is wrong with them."""
        unknown = set(values) - ({field.name for field in fields(cls)} - {"calls"})
        if unknown:
            raise ValueError(f"unknown fields of a fault: {', '.join(sorted(unknown))}")
        if values.get("kind") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        if values.get("route") not in routes:
            raise ValueError(f"route is one of {', '.join(sorted(routes))}")
        return cls(**values)

    def strikes(self) -> bool:
        """Count a call; return whether the fault happens at it."""
        self.calls += 1
        return self.nth <= self.calls < self.nth + self.times


@dataclass
class Faults:
    """The faults that are planted, the calls that were made, and the processes that may be killed."""

    planted: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    struck: int = 0
    processes: dict[int, bool] = field(default_factory=dict)

    def register_process(self, pid: int, group: bool = False) -> None:
        """Allow a process (or the process group that it leads) to be killed; ValueError for one
        that must not be.
        """
        if pid <= 1 or pid == os.getpid():
            raise ValueError(f"process {pid} must not be killed")
        if group and (os.getpgid(pid) != pid or pid == os.getpgrp()):
            raise ValueError(f"process {pid} does not lead a process group of its own")
        os.kill(pid, 0)
        self.processes[pid] = group

    def find(self, route: str) -> Fault | None:
        """Count a call of a route; return the fault that happens at it."""
        self.calls.append(route)
        struck = [fault for fault in self.planted if fault.route == route and fault.strikes()]
        self.struck += bool(struck)
        return struck[0] if struck else None

    def kill(self, fault: Fault) -> None:
        """Kill the fault's process (without one: all that are registered), once."""
        for pid in [fault.pid] if fault.pid is not None else list(self.processes):
            group = self.processes.pop(pid, None)
            if group is not None:
                (os.killpg if group else os.kill)(pid, signal.SIGKILL)


async def drop_connection(send) -> None:
    """Close the client's connection without a reply. ASGI has no word for it: this reaches for
    uvicorn's transport.
    """
    send.__self__.transport.abort()
    await asyncio.sleep(0.01)  # lets uvicorn notice, so that it does not try to answer


def cut_in_half(send):
    """Return a `send` that passes on half of the reply's bytes and then closes the connection."""
    state = {"length": 0, "sent": 0}

    async def send_half(message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            state["length"] = int(headers.get(b"content-length", b"0")) // 2
            await send(message)
            return
        room = state["length"] - state["sent"]
        part = message.get("body", b"")[: max(0, room)]
        state["sent"] += len(part)
        if part:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if state["sent"] >= state["length"]:
            await asyncio.sleep(0.05)  # what was written leaves before the connection does
            raise HalfSent

    return send_half


class HalfSent(Exception):
    """Half of a reply was sent; the connection is to be closed."""
