"""What `unscene verify` says: findings by kind, then the lines that bring back what is lost."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from unscene.provenance.cures import tell_cure
from unscene.provenance.record import list_outputs
from unscene.provenance.verifying import ABSENT, CHANGED, EXTRA, Finding
from unscene.run.counts import tell_count

# Of each kind so many findings are told one by one.
_MOST_TOLD = 20


def tell_findings(findings: Sequence[Finding], record: dict, run: Path, checkout: Path) -> str:
    """Return the text for a person."""
    outputs = list_outputs(record)
    folders = sum(output.is_folder for output in outputs)
    lines = _shorten([finding for finding in findings if finding.is_damage])
    for kind in (CHANGED, ABSENT, EXTRA):
        lines += _shorten([finding for finding in findings if finding.kind == kind])
    extra = [finding.path for finding in findings if finding.kind == EXTRA]
    if extra:
        lines += ["Extra files are results of another config, or a person's. Remove what you don't need:"]
        lines += [f"    rm -r {shlex.quote(str(run.resolve() / path))}" for path in extra[:_MOST_TOLD]]
    cure = tell_cure(findings, record, run, checkout)
    if cure:
        lines += [f"To bring back what is lost and make nothing else again, in {checkout}:"]
        lines += [f"    {line}" for line in cure]
        lines += ["Each line has to end well before the next. Then ask unscene verify again."]
    hurt = sum(finding.is_damage for finding in findings)
    checked = f"{tell_count(len(outputs) - folders, 'file')} and {tell_count(folders, 'folder')}"
    lines.append(f"{checked}: {'all as recorded' if not hurt else f'{hurt} damaged or missing'}")
    return "\n".join(lines)


def _shorten(findings: list[Finding]) -> list[str]:
    lines = [str(finding) for finding in findings[:_MOST_TOLD]]
    if len(findings) > _MOST_TOLD:
        lines.append(f"{findings[0].kind:9}and {len(findings) - _MOST_TOLD} more")
    return lines
