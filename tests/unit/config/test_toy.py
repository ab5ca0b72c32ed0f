"""What belongs to drawn scenes stops a run of real photos, in one message that names each."""

import shutil
from pathlib import Path

import pytest
import yaml

from unscene.config.checks import check_toy
from unscene.config.files import read_files
from unscene.config.preparation import prepare_config
from unscene.config.reading import read_config
from unscene.run.configuration import ConfigError

CHECKOUT = Path(__file__).resolve().parents[3]
PHOTOS = """
samples: {sources: [{name: mine, format: table, table: mine.csv, images: photos}]}
train: {arms: {absence: null}}
deploy: {arm: paired_rank_keep}
"""
REAL = """
masks: {weights: models/yolo.pt, image_size: 640}
edits: {backend: telea, weights: null}
quality: {judge: null}
train: {clip: models/clip, learning_rate: 5e-6, arms: {adapters: {images: both, texts: negated,
  batches: paired, loss: {rank: 1}, lora_rank: 8, learning_rate: 0.01}}}
"""


def tell(folder: Path, *overlays: str) -> list[str]:
    files = [folder / f"{number}.yaml" for number in range(len(overlays))]
    for file, overlay in zip(files, overlays, strict=True):
        file.write_text(overlay)
    return list(check_toy(read_config(CHECKOUT, files), CHECKOUT))


def test_the_default_on_own_photos_is_named_whole_with_the_way_out(tmp_path):
    (told,) = tell(tmp_path, PHOTOS)
    for part in (
        "photos of mine",
        "masks.weights, edits.weights, quality.judge, train.clip",
        "masks.image_size 128",
        "edits.size 64",
        "train.learning_rate 0.001",
        "unscene new",
        "config/presets",
        "allow_toy: true",
    ):
        assert part in told


def test_a_misspelt_key_is_no_choice_of_the_drawn_world(tmp_path):
    (tmp_path / "wrong.yaml").write_text(REAL.replace("masks: {weights", "masks: {wieghts"))
    (tmp_path / "photos.yaml").write_text(PHOTOS)
    files = [CHECKOUT / "config/config.yaml", tmp_path / "photos.yaml", tmp_path / "wrong.yaml"]
    with pytest.raises(ConfigError) as stop:
        prepare_config(read_files(files), files, CHECKOUT)
    assert "wieghts" in str(stop.value) and "allow_toy" not in str(stop.value)


@pytest.mark.parametrize(
    ("overlay", "part"),
    [
        ("masks: {image_size: 128}", "masks.image_size 128"),
        ("train: {learning_rate: 0.001}", "train.learning_rate 0.001"),
        ("train: {arms: {paired: {learning_rate: 0.005}}}", "train.arms.paired.learning_rate 0.005"),
        ("quality: {judge: resources/embedded/judge.pt}", "quality.judge"),
    ],
)
def test_one_thing_left_is_enough(overlay, part, tmp_path):
    assert not tell(tmp_path, PHOTOS, REAL)
    (told,) = tell(tmp_path, PHOTOS, REAL, overlay)
    assert part in told


def test_a_copy_of_the_embedded_weights_is_known_by_its_content(tmp_path):
    shutil.copytree(CHECKOUT / "resources/embedded/clip", tmp_path / "my-clip")
    (told,) = tell(tmp_path, PHOTOS, REAL, f"train: {{clip: {tmp_path / 'my-clip'}}}")
    assert "scenes: train.clip. " in told
    weights = tmp_path / "my-clip/open_clip_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert not tell(tmp_path, PHOTOS, REAL, f"train: {{clip: {tmp_path / 'my-clip'}}}")


def test_it_may_be_allowed_and_drawn_scenes_need_no_leave(tmp_path):
    assert not tell(tmp_path, PHOTOS, "runtime: {allow_toy: true}")
    assert not tell(tmp_path, "seed: 3")


@pytest.mark.parametrize("name", ["coco30k", "cc3m"])
def test_the_overlays_of_large_runs_hold_nothing_of_it(name, tmp_path):
    assert not tell(tmp_path, (CHECKOUT / f"config/{name}.yaml").read_text())
    assert yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())["runtime"]["allow_toy"] is False
