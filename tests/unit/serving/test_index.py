"""The index: what it keeps over restarts, and what it notices of the folder."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from served_model import make_deploy, make_photos
from unscene.serving.server import models as server_models
from unscene.serving.server.command import load_models
from unscene.serving.server.index import PhotoIndex, hash_tower
from unscene.serving.server.models import ModelError
from unscene.serving.server.sources import Folder


@pytest.fixture
def photos(tmp_path):
    return make_photos(tmp_path / "photos")


@pytest.fixture
def models(tmp_path):
    return list(load_models(make_deploy(tmp_path / "deploy"), tmp_path / "index.sqlite", 64).values())


class Counted:
    """An index that counts the photos it embeds."""

    def __init__(self, tmp_path, photos, models):
        self.index = PhotoIndex(tmp_path / "index.sqlite", Folder(photos), models, 10**7)
        self.embedded = 0
        (self.model,) = self.index._models
        embed = self.model.embed_prepared
        self.model.embed_prepared = lambda pixels: self._count(pixels, embed)

    def _count(self, pixels, embed):
        self.embedded += len(pixels)
        return embed(pixels)

    def refresh(self):
        self.embedded = 0
        self.index.refresh()
        return names_of(self)


def names_of(counted):
    return [photo.listed.key for photo in counted.index.snapshot.photos]


def test_equal_image_towers_are_embedded_once(tmp_path, photos, models):
    counted = Counted(tmp_path, photos, models)
    names = counted.refresh()
    assert names == sorted(path.name for path in photos.iterdir()) and counted.embedded == 12
    assert models[0].tower == models[1].tower and set(counted.index.snapshot.features) == {models[0].tower}


def test_features_are_the_towers_own(tmp_path, photos, models):
    counted = Counted(tmp_path, photos, models)
    names = counted.refresh()
    place = names.index("red-003.jpg")
    with Image.open(photos / "red-003.jpg") as photo:
        (own,) = models[0].clip.embed_photos([photo])
    np.testing.assert_allclose(counted.index.snapshot.features[models[0].tower][place], own, atol=1e-6)


def test_a_restart_and_another_name_embed_nothing(tmp_path, photos, models):
    Counted(tmp_path, photos, models).refresh()
    again = Counted(tmp_path, photos, models)
    assert len(again.index.snapshot.photos) == 12  # searched at once, before the folder is looked at
    again.refresh()
    assert again.embedded == 0
    (photos / "deep").mkdir()
    (photos / "red-000.jpg").rename(photos / "deep" / "moved.jpg")
    names = again.refresh()
    assert "deep/moved.jpg" in names and "red-000.jpg" not in names and again.embedded == 0
    moved = shutil.move(photos, tmp_path / "elsewhere")
    elsewhere = Counted(tmp_path, tmp_path / "elsewhere", models)
    assert len(elsewhere.refresh()) == 12 and elsewhere.embedded == 0 and moved


def test_new_changed_deleted_and_broken_photos_are_noticed(tmp_path, photos, models, caplog):
    counted = Counted(tmp_path, photos, models)
    counted.refresh()
    make_photos(tmp_path / "more", 13)
    shutil.copy(tmp_path / "more" / "red-012.jpg", photos)
    (photos / "blue-002.jpg").unlink()
    Image.new("RGB", (50, 50), (200, 200, 0)).save(photos / "green-001.jpg")
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    names = counted.refresh()
    assert counted.embedded == 2 and len(names) == 12 and counted.index.progress.failed == 1
    assert "red-012.jpg" in names and "blue-002.jpg" not in names and "broken.jpg" not in names
    assert "broken.jpg is left out: not a readable picture" in caplog.text
    caplog.clear()
    counted.refresh()
    # A broken one is neither tried nor told again.
    assert counted.embedded == 0 and "broken.jpg" not in caplog.text


def test_a_killed_build_goes_on(tmp_path, photos, models):
    make_photos(photos, 40)
    counted = Counted(tmp_path, photos, models)
    embed, calls = counted.model.embed_prepared, []

    def stop_after_one(pixels):
        calls.append(len(pixels))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return embed(pixels)

    counted.model.embed_prepared = stop_after_one
    with pytest.raises(KeyboardInterrupt):
        counted.index.refresh()
    counted.model.embed_prepared = embed
    again = Counted(tmp_path, photos, models)
    assert len(again.refresh()) == 40 and again.embedded == 40 - calls[0]


def test_a_folder_that_is_gone_leaves_its_thumbnails(tmp_path, photos, models):
    counted = Counted(tmp_path, photos, models)
    counted.refresh()
    photos.rename(tmp_path / "away")
    names = counted.refresh()
    assert len(names) == 12 and "is not there" in counted.index.progress.warning
    photo = counted.index.snapshot.photos[0]
    assert not photo.is_here and counted.index.find_thumbnail(photo.sha256).startswith(b"\xff\xd8")
    (tmp_path / "away").rename(photos)
    counted.refresh()
    assert counted.index.snapshot.photos[0].is_here and counted.embedded == 0


def test_links_that_lead_out_and_odd_names_are_left_out(tmp_path, photos, models):
    outside = make_photos(tmp_path / "outside", 1) / "red-000.jpg"
    (photos / "link.jpg").symlink_to(outside)
    (photos / ".hidden.jpg").write_bytes(outside.read_bytes())
    (photos / "inside.jpg").symlink_to(photos / "red-000.jpg")
    with open(os.fsencode(photos) + b"/\xff.jpg", "wb") as file:
        file.write(outside.read_bytes())
    names = Counted(tmp_path, photos, models).refresh()
    assert "inside.jpg" in names and len(names) == 13


def test_an_image_tower_that_embedded_these_photos_is_loaded_when_it_is_needed(
    tmp_path, photos, models, monkeypatch
):
    counted = Counted(tmp_path, photos, models)
    counted.refresh()
    expected = counted.index.snapshot.features[models[0].tower]
    loaded = []
    load = server_models.load_tower
    monkeypatch.setattr(server_models, "load_tower", lambda path: loaded.append(path) or load(path))
    again = list(load_models(tmp_path / "deploy", tmp_path / "index.sqlite", 64).values())
    Counted(tmp_path, photos, again).refresh()
    again[0].submit_texts(["red"])[0][0].result(60)
    assert not loaded
    with Image.open(photos / "red-003.jpg") as photo:
        prepared = again[0].clip.prepare(photo)
    futures = [model.photos.submit_all([prepared])[0] for model in again]
    for future in futures:
        np.testing.assert_array_equal(future.result(60), expected[names_of(counted).index("red-003.jpg")])
    assert len(loaded) == 1  # both models share it


def test_a_broken_image_tower_is_told_before_the_page_opens(tmp_path, photos, models):
    Counted(tmp_path, photos, models).refresh()
    with open(tmp_path / "deploy/onnx/visual.onnx", "r+b") as file:
        file.truncate(40)
    with pytest.raises(ModelError, match="export it again"):
        load_models(tmp_path / "deploy", tmp_path / "index.sqlite", 64)


def test_another_image_tower_is_another_name(tmp_path):
    deploy = make_deploy(tmp_path / "deploy")
    before = hash_tower(tmp_path / "index.sqlite", deploy / "onnx")
    assert before == hash_tower(tmp_path / "index.sqlite", deploy / "base/onnx")
    with open(deploy / "onnx/visual.onnx", "ab") as file:
        file.write(b"\0")
    assert hash_tower(tmp_path / "index.sqlite", deploy / "onnx") != before
