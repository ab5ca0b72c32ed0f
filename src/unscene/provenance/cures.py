"""How what is lost comes back, and nothing else is made again: lines for a shell.

Snakemake makes a lost result and, in the same call, all that follows it: one lost folder would
train every arm anew. In a call of its own the result comes back alone. It has the same content as
before, and the next call sees that, so nothing follows. Two kinds of results need more than that,
since something in or about them differs each time: tables with measured times, which are kept, and
files too large to be compared, which get their old time.
"""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from unscene.provenance.record import CIRCUMSTANCES, Output, list_outputs
from unscene.provenance.verifying import Finding
from unscene.provenance.vouching import find_voucher

# A line that names more than this many targets asks for the rule in place of them.
_MOST_TARGETS = 8
KEPT = "state/kept"


def tell_cure(findings: Iterable[Finding], record: dict, run: Path, checkout: Path) -> list[str]:
    """Return the lines, in their order; none when nothing is lost. They are for a shell in the
    checkout.
    """
    hurt: dict[str, Output] = {}
    broken: set[str] = set()
    for finding in findings:
        if finding.is_damage and finding.output:
            hurt[finding.output.path] = finding.output
            if (run / finding.output.path).exists():
                broken.add(finding.output.path)
    if not hurt:
        return []
    call = _call(record[CIRCUMSTANCES]["overlays"], run, checkout)
    outputs = list_outputs(record)
    measured = {output.path for output in outputs if output.rows_sha256}
    folders = {output.path for output in outputs if output.is_folder}
    lines = []
    for group in _group(hurt, outputs):
        kept = [
            str(table)
            for output in group
            if (table := find_voucher(output.path)) and str(table) in measured and str(table) not in hurt
        ]
        lines += [f"rm -rf {_name(run, path)}" for path in (o.path for o in group) if path in broken]
        if kept:
            lines += [f"mkdir -p {_name(run, KEPT)}"]
            lines += [f"cp -p {_name(run, table)} {_name(run, _keep(table))}" for table in kept]
        lines.append(f"{call} {_ask(group)}")
        lines += [f"mv {_name(run, _keep(table))} {_name(run, table)}" for table in kept]
        times = record[CIRCUMSTANCES]["modified"]
        lines += [
            f"touch --date=@{times[output.path]} {_name(run, output.path)}"
            for output in group
            if output.path in times
        ]
    # A table whose measured times are lost is another one: what compares no times must not meet its
    # followers in one call.
    if any(path in measured and Path(path).with_suffix("").as_posix() in folders for path in hurt):
        lines += [f"{call} --until {rule}" for rule in _list_followers(record)]
    return [*lines, call]


def _group(hurt: Iterable[str], order: list[Output]) -> list[list[Output]]:
    """Return the lost results by rule, in the order of the flow."""
    groups: dict[str, list[Output]] = {}
    wanted = set(hurt)
    for output in order:
        if output.path in wanted:
            groups.setdefault(output.rule, []).append(output)
    return list(groups.values())


def _ask(group: list[Output]) -> str:
    if len(group) > _MOST_TARGETS:
        return f"--until {group[0].rule}"
    return "-- " + " ".join(shlex.quote(output.path) for output in group)


def _list_followers(record: dict) -> list[str]:
    """Return the rules that read tables with measured times, up to those whose results hold none."""
    made = {output.rule for output in list_outputs(record)}
    wanted = ("join_shards", "make_sham_edits", "join_sham_edits", "score_edits", "score_sham_edits")
    selection = ("join_scores", "calibrate_scores", "select_pairs", "select_sham_edits")
    return [rule for rule in (*wanted, *selection) if rule in made]


def _call(overlays: Sequence[str], run: Path, checkout: Path) -> str:
    words = ["snakemake", "--cores", "all", "--resources", "gpu=1"]
    if overlays:
        words += ["--configfile", *(_shorten(overlay, checkout) for overlay in overlays)]
    if run.resolve() != checkout:
        words += ["--directory", _shorten(str(run.resolve()), checkout)]
    return shlex.join(words)


def _shorten(path: str, checkout: Path) -> str:
    return str(Path(path).relative_to(checkout)) if Path(path).is_relative_to(checkout) else path


def _keep(table: str) -> str:
    return f"{KEPT}/{table.replace('/', '-')}"


def _name(run: Path, path: str) -> str:
    return shlex.quote(str(run.resolve() / path))
