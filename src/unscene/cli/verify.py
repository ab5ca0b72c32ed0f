"""Hold a finished run against its record: what is damaged, missing or extra, and how it comes back."""

import argparse

from unscene.cli.checkout import CommandError, find_checkout

PARENTS = ("run",)


def call(given: argparse.Namespace) -> int:
    """Run the subcommand."""
    from unscene.provenance.record import PROVENANCE, RecordDamaged, read_record
    from unscene.provenance.telling import tell_findings
    from unscene.provenance.verifying import count_bytes, verify_run
    from unscene.run.logs import progress

    checkout, path = find_checkout(), given.directory / PROVENANCE
    if not given.directory.is_dir():
        raise CommandError(f"{given.directory} is not there; name the run with --directory")
    if not path.is_file():
        raise CommandError(
            f"{path} is not there: a run writes it last of all. Finish the run (snakemake, with its config"
            " and directory), then ask again"
        )
    try:
        record = read_record(path)
    except RecordDamaged as error:
        raise CommandError(
            f"{error}. Delete it and run snakemake again, with the run's config and directory: it is written"
            " anew from what is there, and nothing else runs"
        ) from error
    with progress(total=count_bytes(record), unit="B", unit_scale=True) as bar:
        findings = list(verify_run(record, given.directory, bar.update))
    print(tell_findings(findings, record, given.directory, checkout))
    return int(any(finding.is_damage for finding in findings))
