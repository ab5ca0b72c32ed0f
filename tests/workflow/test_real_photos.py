"""The chain on real photos, captions and YOLO weights, where they are."""

import pandas as pd
import pytest

from unscene.photos.images import read_mask, read_photo
from workflow_runs import CHECKOUT, run_snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.real]


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory, real_data):
    """The directory of a finished run on the real photos."""
    directory = tmp_path_factory.mktemp("real")
    finished = run_snakemake(directory, configfiles=(CHECKOUT / "tests/config/real_photos.yaml",))
    assert finished.returncode == 0, finished.stderr[-6000:]
    return directory


def test_photos_become_pairs(finished_run):
    results = finished_run / "results"
    assert len(pd.read_parquet(results / "samples/samples.parquet")) == 62
    pairs = pd.read_parquet(results / "quality/pairs.parquet")
    assert len(pairs) >= 20
    assert (results / "report.html").stat().st_size < 8_000_000


def test_the_edit_changes_the_mask_and_nothing_else(finished_run):
    import numpy as np

    edits = pd.read_parquet(finished_run / "results/edits/edits.parquet").query("status == 'ok'")
    samples = pd.read_parquet(finished_run / "results/samples/samples.parquet").set_index("image_id")
    for edit in edits.head(10).itertuples():
        original = np.asarray(read_photo(finished_run / samples.loc[edit.image_id, "path"]))
        edited = np.asarray(read_photo(finished_run / edit.image_path))
        mask = read_mask(finished_run / edit.mask_path)
        assert (original[~mask] == edited[~mask]).all()
        assert (original[mask] != edited[mask]).any()
