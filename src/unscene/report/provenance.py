"""Where the numbers come from: lineage, weights, versions, tables with their hashes, and the
configuration in full.
"""

from unscene.provenance.circumstances import find_commit, read_machines, read_versions
from unscene.provenance.hashing import count_rows
from unscene.provenance.record import PROVENANCE
from unscene.report.run import Run
from unscene.run.lineage import digest
from unscene.run.shards import file_sha256


def describe_provenance(run: Run) -> dict:
    """Return what the section's template names."""
    settings = run.settings
    return {
        "digests": get_digests(run),
        "weights": run.lineage["weights"],
        "licences": run.plan["weights"],
        "versions": read_versions(run.logs),
        "record": str(PROVENANCE),
        "commit": find_commit(),
        **list_machines(run),
        "seeds": {"seed": settings["seed"], "train.seeds": settings["train"]["seeds"]},
        "removers": sorted({str(model) for model in run.edits["model"].dropna()}),
        "files": [
            {"path": str(path), "rows": count_rows(path), "sha256": file_sha256(path)[:16]}
            for path in run.paths.values()
        ],
        "settings": flatten(settings),
    }


def get_digests(run: Run) -> dict[str, str]:
    """Return the digest of the configuration, and that of the lineage, which stands for the whole chain."""
    return {"config": digest(run.settings), "lineage": digest(run.lineage)}


def list_machines(run: Run) -> dict:
    """Return `machines`: jobs of each machine, and `shards`: a row for each shard and device stage."""
    found = read_machines(run.logs, run.benchmarks)
    return {
        "machines": {name: sum(jobs.values()) for name, jobs in sorted(found["machines"].items())},
        "shards": [
            {"shard": shard, "rule": rule, **told}
            for shard, rules in sorted(found["shards"].items())
            for rule, told in rules.items()
        ],
    }


def flatten(settings: dict, prefix: str = "") -> list[tuple[str, str]]:
    """Return the settings as (dotted key, value as text)."""
    rows = []
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            rows += flatten(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", "null" if value is None else str(value)))
    return rows
