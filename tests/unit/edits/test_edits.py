"""The edits step: what is kept, checked, tried again and written down."""

import numpy as np
import pandas as pd
import pytest

from tiny_inpainter import save_tiny_inpainter
from unscene.edits import removal
from unscene.edits.columns import EDITS
from unscene.edits.removers import Remover, Weights
from unscene.edits.removing import open_remover, remove_objects
from unscene.machine.job import Job
from unscene.photos.images import read_mask, read_photo, write_png
from unscene.run.seeds import derive_seed
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table, write_table

SETTINGS = {
    "backend": "telea",
    "weights": None,
    "lora": None,
    "tiny_vae": None,
    "size": 16,
    "context": 0.33,
    "steps": 2,
    "guidance": 1.0,
    "strength": 1.0,
    "prompt": "background",
    "negative_prompt": "",
    "feather_px": 1,
    "attempts": 2,
    "retry_dilation": 2.0,
}
RUNTIME = {"device": "cpu", "batch_size": 4, "workers": 2, "precision": "float32", "max_failed_share": 0.5}


@pytest.fixture(scope="module")
def pipeline_folder(tmp_path_factory):
    return save_tiny_inpainter(tmp_path_factory.mktemp("inpainter"))


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    """A function (number of photos) that writes photos of several sizes with a bright square, their
    masks and both tables.
    """
    monkeypatch.chdir(tmp_path)

    def make(count):
        photos, masks = [], []
        for index in range(count):
            rng = np.random.default_rng(index)
            photo = rng.integers(40, 90, (30 + index, 40 - index, 3), dtype=np.uint8)
            mask = np.zeros(photo.shape[:2], bool)
            mask[8:18, 8 + index : 18 + index] = True
            photo[mask] = 250
            write_png(photo, f"photo{index}.png")
            write_png(mask, f"mask{index}.png")
            photos.append(
                {
                    "image_id": f"s_{index}",
                    "path": f"photo{index}.png",
                    "sha256": file_sha256(f"photo{index}.png"),
                    "width": 40 - index,
                    "height": 30 + index,
                }
            )
            masks.append(
                {
                    "edit_id": f"s_{index}-cat",
                    "image_id": f"s_{index}",
                    "category": "cat",
                    "mask_path": f"mask{index}.png",
                    "mask_sha256": file_sha256(f"mask{index}.png"),
                    "status": "ok",
                    "dilation_px": 2.0,
                }
            )
        masks.append(dict.fromkeys(masks[0]) | {"edit_id": "s_0-dog", "image_id": "s_0", "status": "skipped"})
        write_table(pd.DataFrame(photos), "samples.parquet")
        write_table(pd.DataFrame(masks), "masks.parquet")

    return make


def run(folder="s-0-of-1", samples="samples.parquet", masks="masks.parquet", runtime=RUNTIME, **changes):
    """Run the step on the files of `inputs`; return its rows by edit id."""
    fingerprint = "0123456789abcdef" if changes.get("backend") == "diffusers" else None
    job = Job(
        inputs={"samples": samples, "masks": masks},
        outputs={"table": f"results/edits/{folder}.parquet", "folder": f"results/edits/{folder}"},
        settings={"edits": SETTINGS | changes, "seed": 7},
        runtime=runtime,
        lineage={"weights": {"edits.weights": fingerprint}},
        config={"edits": SETTINGS | changes},
    )
    remove_objects(job)
    frame = EDITS.read(job.outputs.table)
    return {row.edit_id: row for row in frame.itertuples()}


class FakeRemover(Remover):
    """Paints what `paint_one(photo, mask, call number)` returns; remembers the masks and seeds it
    was given.
    """

    name, batch_size = "fake", 4

    def __init__(self, paint_one):
        self.paint_one, self.masks, self.seeds = paint_one, [], []

    def get_batch_shape(self, batch_size):
        return str(batch_size)

    def prepare(self, photo, mask):
        return photo, mask

    def paint(self, prepared, seeds, batch_size):
        self.masks.append([mask for _, mask in prepared])
        self.seeds.append(seeds)
        return [self.paint_one(photo, mask, len(self.seeds)) for photo, mask in prepared]

    def finish(self, photo, mask, prepared, painted):
        return painted


def paint_gray(photo, mask, _=None):
    painted = photo.copy()
    painted[mask] = np.arange(int(mask.sum()))[:, None] % 60 + 40
    return painted


@pytest.fixture
def fake(monkeypatch):
    """A function paint -> the FakeRemover that the step will then use."""

    def use(paint):
        remover = FakeRemover(paint)
        monkeypatch.setattr("unscene.edits.removing.load_remover", lambda *_: remover)
        return remover

    return use


def test_the_files_that_the_config_names_reach_the_remover(tmp_path, monkeypatch):
    """The lineage holds their content, the config their paths."""
    monkeypatch.setattr("unscene.edits.removing.load_remover", lambda settings, weights, setup: weights)
    files = {name: str(tmp_path / name) for name in ("weights", "lora", "tiny_vae")}
    for name in files:
        (tmp_path / name).touch()
    told = {}
    for backend in ("diffusers", "lama", "telea"):
        settings = {"edits": {"backend": backend}}
        lineage = {"weights": {"edits.weights": "0123"}}
        told[backend] = open_remover(
            Job(settings=settings, runtime=RUNTIME, lineage=lineage, config={"edits": files})
        )
    main, lora, tiny_vae = (tmp_path / name for name in files)
    assert told["diffusers"] == Weights(main, lora, tiny_vae, "0123")
    assert told["lama"] == Weights(main, None, None, "0123")
    assert told["telea"] == Weights(None, None, None, "0123")


def test_telea_edits_and_their_rows(inputs):
    inputs(3)
    rows = run()
    assert list(rows) == ["s_0-cat", "s_1-cat", "s_2-cat"]  # a skipped mask is no edit
    for index, row in enumerate(rows.values()):
        edited, photo = (np.asarray(read_photo(p)) for p in (row.image_path, f"photo{index}.png"))
        mask = read_mask(row.mask_path)
        assert np.array_equal(edited[~mask], photo[~mask]) and edited[mask].mean() < 150
        assert (row.status, row.attempt, row.model, row.batch_shape) == ("ok", 1, "telea", "1")
        assert row.image_path == f"results/edits/s-0-of-1/s_{index}-cat.png"
        assert row.edited_sha256 == file_sha256(row.image_path) and row.mask_sha256 == file_sha256(
            row.mask_path
        )
        assert row.mask_path == f"mask{index}.png" and row.seconds > 0
        assert row.seed == derive_seed(7, f"s_{index}-cat", 1)


def test_a_result_depends_on_neither_batch_mates_nor_shard(inputs, pipeline_folder):
    inputs(6)
    diffusers = {"backend": "diffusers", "weights": str(pipeline_folder)}
    whole = run("whole-0-of-1", **diffusers)
    masks = read_table("masks.parquet")
    write_table(masks.iloc[[5, 1, 3, 0]], "part.parquet")
    part = run("part-0-of-1", masks="part.parquet", **diffusers)
    assert list(part) == ["s_5-cat", "s_1-cat", "s_3-cat", "s_0-cat"]
    for name, row in part.items():
        assert (
            row.edited_sha256 == whole[name].edited_sha256
            and row.status == "ok"
            and row.seed == whole[name].seed
        )
    assert whole["s_0-cat"].batch_shape == "4x3x16x16" and whole["s_0-cat"].model.endswith("-01234567")
    other_seed = run("other-0-of-1", masks="part.parquet", **diffusers | {"steps": 3})
    assert (
        other_seed["s_5-cat"].edited_sha256 != part["s_5-cat"].edited_sha256
    )  # so the equality above can fail


def test_a_failed_check_is_tried_again_with_another_seed_and_a_wider_mask(inputs, fake):
    inputs(2)
    first = read_mask("mask1.png")

    def bad_at_first(photo, mask, call):
        return photo if call == 1 and photo.shape[0] == 31 else paint_gray(photo, mask)

    remover = fake(bad_at_first)
    rows = run()
    assert [(row.attempt, row.status) for row in rows.values()] == [(1, "ok"), (2, "ok")]
    assert remover.seeds == [
        [derive_seed(7, "s_0-cat", 1), derive_seed(7, "s_1-cat", 1)],
        [derive_seed(7, "s_1-cat", 2)],
    ]
    retried = rows["s_1-cat"]
    assert retried.mask_path == "results/edits/s-0-of-1/s_1-cat.mask.png"
    wider = read_mask(retried.mask_path)
    assert np.array_equal(wider, remover.masks[1][0]) and wider[first].all()
    assert wider[6, 15] and not wider[5, 15]  # dilation 2 x 2.0: two pixels more
    assert retried.mask_sha256 == file_sha256(retried.mask_path) and retried.seed == remover.seeds[1][0]
    assert rows["s_0-cat"].mask_path == "mask0.png"


@pytest.mark.parametrize(
    ("paint", "reason"),
    [
        (lambda photo, mask, call: photo, "unchanged"),
        (lambda photo, mask, call: None, "not_finite"),
        (lambda photo, mask, call: 255 - photo, "background_changed"),
        (lambda photo, mask, call: np.where(mask[..., None], np.uint8(0), photo), "flat"),
    ],
)
def test_what_fails_every_attempt_is_refused_with_its_reason(inputs, fake, tmp_path, paint, reason):
    inputs(1)
    remover = fake(paint)
    row = run(attempts=3)["s_0-cat"]
    assert (row.status, row.reason, row.attempt) == ("refused", reason, 3)
    assert pd.isna(row.image_path) and pd.isna(row.edited_sha256)
    assert len(remover.seeds) == 3 and list((tmp_path / "results/edits/s-0-of-1").iterdir()) == []


def test_a_flat_hole_in_flat_surroundings_is_right():
    photo = np.full((40, 40, 3), 200, np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    photo[mask] = 0
    assert removal.find_fault(photo, mask, np.full_like(photo, 200)) is None


def test_a_file_that_reads_back_differently_is_a_fault(inputs, fake, monkeypatch):
    inputs(1)
    fake(paint_gray)
    monkeypatch.setattr(removal, "write_png", lambda pixels, path: write_png(np.roll(pixels, 1, 0), path))
    row = run(attempts=1)["s_0-cat"]
    assert (row.status, row.reason) == ("refused", "file_differs")


def test_broken_inputs_are_failed_rows(inputs, fake, tmp_path):
    inputs(6)
    fake(paint_gray)
    (tmp_path / "photo0.png").write_bytes(b"broken")
    (tmp_path / "mask1.png").unlink()
    write_png(np.zeros((5, 5), bool), tmp_path / "mask2.png")
    write_png(np.zeros((10, 10, 3), np.uint8), tmp_path / "photo3.png")
    masks = read_table("masks.parquet")
    write_png(np.ones((5, 5), bool), tmp_path / "mask4.png")
    masks.loc[4, "mask_sha256"] = file_sha256("mask4.png")
    write_table(masks, "masks.parquet")
    rows = run()
    assert {name: row.reason for name, row in rows.items() if row.status == "failed"} == {
        "s_0-cat": "broken",
        "s_1-cat": "mask_unreadable",
        "s_2-cat": "mask_unreadable",
        "s_3-cat": "changed",
        "s_4-cat": "mask_unfit",
    }
    assert rows["s_5-cat"].status == "ok"


def test_many_failures_stop_the_run_and_leave_nothing(inputs, fake, tmp_path):
    inputs(20)
    fake(paint_gray)
    for path in tmp_path.glob("mask*.png"):
        path.unlink()
    with pytest.raises(RuntimeError, match="edits of s-0-of-1: 20 of 20"):
        run()
    assert list((tmp_path / "results" / "edits").iterdir()) == []


def test_no_wanted_edit_gives_an_empty_table(inputs, fake):
    inputs(1)
    remover = fake(paint_gray)
    masks = read_table("masks.parquet")
    write_table(masks[masks["status"] != "ok"], "masks.parquet")
    assert run() == {} and remover.seeds == []
