"""How a run came about, as its jobs recorded it: library versions, machines, devices, the commit.

The job that asks may run in another environment and on another machine than those that it asks
about, so all of it is read from what they left: the heads of their logs, and what the device stages
measured.
"""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from unscene.run.checkout import CHECKOUT
from unscene.run.tables import TableError, read_json

_VERSION = re.compile(r"([A-Za-z][\w-]*) (\d[^\s,]*)")
_RULE = re.compile(r"rule (\w+) \(wildcards: (.*)\)$")
_HEAD_LINES = 6


def read_versions(folder: str | Path) -> dict[str, str]:
    """Return library versions as the jobs' logs recorded them; several of one library are all named.

    The asker's own environment need not hold torch or open_clip, so asking it would be wrong.
    """
    versions: dict[str, set[str]] = {}
    for head in _read_heads(folder):
        for line in head:
            if line.startswith("python "):
                for name, version in _VERSION.findall(line):
                    versions.setdefault(name, set()).add(version)
    versions.pop("process", None)
    return {name: ", ".join(sorted(found)) for name, found in sorted(versions.items())}


def read_machines(logs: str | Path, benchmarks: str | Path) -> dict:
    """Return what the logs say of who did the jobs.

    `machines`: {machine: {rule: jobs}}. `shards`: {shard: {rule: {machine, device}}} of the rules
    that work on a device; device is None where the job left no measure.
    """
    machines: dict[str, dict[str, int]] = {}
    shards: dict[str, dict[str, dict]] = {}
    for head in _read_heads(logs):
        found = _RULE.match(head[0].strip()) if head else None
        if not found:
            continue
        rule, wildcards = found[1], dict(part.split("=", 1) for part in found[2].split(", ") if "=" in part)
        machine = next(
            (line.removeprefix("machine: ").strip() for line in head if line.startswith("machine: ")), None
        )
        counts = machines.setdefault(machine or "not recorded", {})
        counts[rule] = counts.get(rule, 0) + 1
        timing = Path(benchmarks, rule, f"{wildcards.get('shard')}.device.json")
        if timing.is_file():
            shards.setdefault(wildcards["shard"], {})[rule] = {
                "machine": machine,
                "device": _read_device(timing),
            }
    return {"machines": machines, "shards": shards}


@cache
def find_commit(checkout: Path = CHECKOUT) -> dict:
    """Return the `commit` of the checkout, and in `changed` how many files differ from it; both
    null where git tells nothing.
    """
    commit = _ask_git(checkout, "rev-parse", "HEAD")
    changed = _ask_git(checkout, "status", "--porcelain", "--untracked-files=no") if commit else None
    return {
        "commit": commit.strip() if commit else None,
        "changed": None if changed is None else len(changed.splitlines()),
    }


def _ask_git(checkout: Path, *question: str) -> str | None:
    try:
        asked = subprocess.run(
            ["git", "-C", str(checkout), *question], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout if asked.returncode == 0 else None


def _read_device(timing: Path) -> str | None:
    try:
        return read_json(timing).get("device")
    except TableError:  # half of a copy: the measure decides nothing
        return None


def _read_heads(folder: str | Path) -> Iterator[list[str]]:
    for path in sorted(Path(folder).rglob("*.log")):
        with open(path, encoding="utf-8", errors="replace") as handle:
            yield [line for _, line in zip(range(_HEAD_LINES), handle, strict=False)]
