"""The embedded models are there, small, load with their plain libraries and do something sensible
on one scene.
"""

import json
import re

import numpy as np
import pytest
from PIL import Image

from unscene.scenes import compose_scene, render_scene, write_captions

FILES = (
    "detector.pt",
    "judge.pt",
    "inpainter/model_index.json",
    "clip/open_clip_config.json",
    "clip/open_clip_model.safetensors",
    "CARD.md",
    "card.json",
)


@pytest.fixture(scope="module")
def models(checkout):
    return checkout / "resources" / "embedded"


@pytest.fixture(scope="module")
def scene():
    """A scene of a development seed with a large single object."""
    for index in range(200):
        scene = compose_scene(2600, index)
        rendered = render_scene(scene)
        if len(scene.objects) == 1 and rendered.masks[0].sum() > 150:
            return scene
    raise AssertionError("no such scene")


def test_files_and_size(models):
    missing = [name for name in FILES if not (models / name).exists()]
    assert not missing
    assert sum(path.stat().st_size for path in models.rglob("*") if path.is_file()) <= 25e6


def test_card_states_goals_and_no_file_leaks_a_path(models):
    card = json.loads((models / "card.json").read_text())
    assert all({"goal", "figure", "met"} <= set(goal) for goal in card["goals"])
    page = (models / "CARD.md").read_text()
    for goal in card["goals"]:
        assert f"| {goal['goal']} | {goal['figure']:.3f} | {'met' if goal['met'] else '**missed**'} |" in page
    for path in (path for path in models.rglob("*") if path.is_file()):
        assert not re.search(rb"/(work|tmp|root|home)/\w", path.read_bytes()), (
            f"{path} names a place of its machine"
        )


@pytest.mark.parametrize("name", ["detector.pt", "judge.pt"])
def test_detectors_find_the_object(models, scene, name, tmp_path, monkeypatch):
    for key, value in {
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_CONFIG_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(key, value)
    from ultralytics import YOLO

    from unscene.words.coco80 import COCO80

    model = YOLO(models / name)
    assert list(model.names.values()) == list(COCO80)
    photo = render_scene(scene)
    (result,) = model.predict(
        [np.ascontiguousarray(photo.rgb[..., ::-1])],
        imgsz=128,
        conf=0.25,
        device="cpu",
        retina_masks=True,
        rect=False,
        verbose=False,
    )
    names = [COCO80.words[int(number)] for number in result.boxes.cls]
    assert scene.objects[0].category in names
    mask = result.masks.data[names.index(scene.objects[0].category)].numpy().astype(bool)
    assert (mask & photo.masks[0]).sum() / (mask | photo.masks[0]).sum() > 0.6


def test_inpainter_paints_nearer_to_the_truth_than_what_was_there(models, scene):
    import cv2
    import torch
    from diffusers import AutoPipelineForInpainting

    pipeline = AutoPipelineForInpainting.from_pretrained(models / "inpainter", dtype=torch.float32)
    assert pipeline.safety_checker is None and pipeline.unet.config.in_channels == 9
    pipeline.set_progress_bar_config(disable=True)
    photo = render_scene(scene)
    truth = render_scene(scene, without=scene.objects[0].category).rgb
    hole = cv2.dilate(photo.masks[0].astype(np.uint8), np.ones((5, 5), np.uint8))
    painted = pipeline(
        prompt="background",
        image=Image.fromarray(photo.rgb),
        mask_image=Image.fromarray(hole * 255),
        height=64,
        width=64,
        num_inference_steps=8,
        guidance_scale=1.0,
        generator=torch.Generator().manual_seed(0),
        output_type="np",
    ).images[0]

    def distance(image):
        return float(((image.astype(np.float64) - truth / 255.0)[hole > 0] ** 2).mean())

    assert distance(painted) < 0.5 * distance(photo.rgb / 255.0)


def test_clip_prefers_the_scene_of_its_caption(models):
    import open_clip
    import torch

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{models / 'clip'}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{models / 'clip'}")
    scenes = [compose_scene(2600, index) for index in range(16)]
    texts = [write_captions(scene, np.random.default_rng(0))[1][0] for scene in scenes]
    with torch.no_grad():
        images = model.eval().encode_image(
            torch.stack([transform(Image.fromarray(render_scene(scene).rgb)) for scene in scenes]),
            normalize=True,
        )
        similarity = images @ model.encode_text(tokenizer(texts), normalize=True).T
    assert (similarity.argmax(1) == torch.arange(16)).float().mean() >= 0.4
