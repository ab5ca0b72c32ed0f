"""A finished run of the embedded default, made once."""

from pathlib import Path

import pytest

from changed_runs import make_run


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A finished run of the embedded default, whose larger tables are above Snakemake's own limit
    for checksums.
    """
    return make_run(tmp_path_factory.mktemp("finished"))
