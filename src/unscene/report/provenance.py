"""Where the numbers come from: lineage, weights, versions, tables with their hashes, and the
configuration in full.
"""

import re
from pathlib import Path

from unscene.report.run import Run
from unscene.run.lineage import digest
from unscene.run.shards import file_sha256

_VERSION = re.compile(r"([A-Za-z][\w-]*) (\d[^\s,]*)")


def describe_provenance(run: Run) -> dict:
    """Return what the section's template names."""
    settings = run.settings
    return {
        "digests": get_digests(run),
        "weights": run.lineage["weights"],
        "licences": run.plan["weights"],
        "versions": read_versions(run.logs),
        "seeds": {"seed": settings["seed"], "train.seeds": settings["train"]["seeds"]},
        "removers": sorted({str(model) for model in run.edits["model"].dropna()}),
        "files": [{"path": str(path), "sha256": file_sha256(path)[:16]} for path in run.paths.values()],
        "settings": flatten(settings),
    }


def get_digests(run: Run) -> dict[str, str]:
    """Return the digest of the configuration, and that of the lineage, which stands for the whole chain."""
    return {"config": digest(run.settings), "lineage": digest(run.lineage)}


def read_versions(folder: str | Path) -> dict[str, str]:
    """Return library versions as the jobs' logs recorded them; several of one library are all named.

    The report's own environment need not hold torch or open_clip, so asking it would be wrong.
    """
    versions: dict[str, set[str]] = {}
    for path in sorted(Path(folder).rglob("*.log")):
        with open(path, encoding="utf-8", errors="replace") as handle:
            head = [line for _, line in zip(range(6), handle, strict=False)]
        for line in head:
            if line.startswith("python "):
                for name, version in _VERSION.findall(line):
                    versions.setdefault(name, set()).add(version)
    versions.pop("process", None)
    return {name: ", ".join(sorted(found)) for name, found in sorted(versions.items())}


def flatten(settings: dict, prefix: str = "") -> list[tuple[str, str]]:
    """Return the settings as (dotted key, value as text)."""
    rows = []
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            rows += flatten(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", "null" if value is None else str(value)))
    return rows
