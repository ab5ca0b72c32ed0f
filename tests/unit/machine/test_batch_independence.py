"""A result depends on its photo alone: not on batch-mates, order, restarts or shards. Embedded
models, equal PNG bytes on the CPU.
"""

from pathlib import Path

import pytest

from embedded_shard import RUNTIME, make_shard, run_stage
from unscene.machine.engine import DeviceStage, Engine, StageStopped
from unscene.run.tables import read_table, write_table

PHOTOS = 9
EIGHT = RUNTIME | {"batch_size": 8}
CASES = {
    "masks": ("segment_objects", {}),
    "edits": ("remove_objects", {"steps": 2}),
    "telea": ("remove_objects", {"backend": "telea"}),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A folder with a shard of scenes and its masks, and a function that takes some of its photos
    for another shard.
    """
    folder = tmp_path_factory.mktemp("scenes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make_shard(PHOTOS)
        run_stage("segment_objects", EIGHT)
        yield take


def take(order: list[int], shard: str) -> None:
    """Make a shard of the photos with these positions."""
    names = [f"scenes_{position}" for position in order]
    for stage in ("samples", "keywords", "masks"):
        frame = read_table(f"results/{stage}/scenes-0-of-1.parquet")
        parts = [frame[frame["image_id"] == name] for name in names]
        write_table(
            frame.iloc[[row for part in parts for row in part.index]], f"results/{stage}/{shard}.parquet"
        )


def hashes(frame) -> dict[str, str]:
    return {
        row.edit_id: row.edited_sha256 if hasattr(row, "edited_sha256") else row.mask_sha256
        for row in frame.itertuples()
        if row.status == "ok"
    }


@pytest.fixture(scope="module", params=CASES)
def case(request, scenes):
    """(stage, settings, the hashes of all results in batches of eight, the rows) of masks,
    diffusion edits and telea edits.
    """
    stage, settings = CASES[request.param]
    frame = run_stage(stage, EIGHT, settings)
    return stage, settings, hashes(frame), frame


def test_alone_permuted_and_on_another_shard(case, scenes):
    stage, settings, expected, frame = case
    assert len(expected) >= 6 and len(set(expected.values())) == len(expected)
    for shard, order in (("alone-0-of-2", [5]), ("alone-1-of-2", [8, 3, 0, 7, 2])):
        scenes(order, shard)
        if stage == "segment_objects":
            names = {f"scenes_{position}" for position in order}
            wanted = set(frame.loc[frame["image_id"].isin(names) & (frame["status"] == "ok"), "edit_id"])
        else:
            masks = read_table(f"results/masks/{shard}.parquet")
            wanted = set(masks.loc[masks["status"] == "ok", "edit_id"])
        found = hashes(run_stage(stage, EIGHT, settings, shard=shard))
        assert set(found) == wanted and wanted
        assert found == {name: expected[name] for name in found}


def test_after_a_restart(case, monkeypatch):
    stage, settings, expected, _ = case
    begun = []
    work = Engine._work

    def stop_after_one(self, part):
        result = work(self, part)
        begun.append(len(part))
        if len(begun) == 1:
            self._stop.set()
        return result

    monkeypatch.setattr(Engine, "_work", stop_after_one)
    with pytest.raises(StageStopped):
        run_stage(stage, EIGHT, settings, keeps=True)
    frame = run_stage(stage, EIGHT, settings, keeps=True)
    assert (
        hashes(frame) == expected and begun[0] == 8 and sum(begun) == len(frame.drop_duplicates("image_id"))
    )
    assert not Path("state/scratch", stage, "scenes-0-of-1").exists()


def test_memory_that_is_short_halves_the_batch_and_is_recorded(case, monkeypatch):
    """The device takes four photos at most: all edits are made, and the table says at which shape."""
    stage, settings, expected, _ = case
    from unscene.edits.removal import Removal
    from unscene.masks.segmentation import Segmentation

    cls: type[DeviceStage] = Segmentation if stage == "segment_objects" else Removal
    work = cls.work

    def run_short(self, items, inputs, batch_size):
        if batch_size > 4:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return work(self, items, inputs, batch_size)

    monkeypatch.setattr(cls, "work", run_short)
    frame = run_stage(stage, EIGHT, settings)
    made = frame[frame["status"] == "ok"]
    assert set(made["edit_id"]) == set(expected)
    side = 128 if stage == "segment_objects" else 64
    expected_shape = "1" if settings.get("backend") == "telea" else f"4x3x{side}x{side}"
    assert set(made["batch_shape"]) == {expected_shape}
