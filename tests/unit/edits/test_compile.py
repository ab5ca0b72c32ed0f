"""`runtime.compile`: the parts that take the time are compiled, once asked for, and paint the same
picture.
"""

import numpy as np
import pytest

from tiny_clip import make_clip
from tiny_inpainter import save_tiny_inpainter
from unscene.edits.removers import Weights, load_remover
from unscene.machine.devices import Setup
from unscene.masks.detectors import load_detector
from unscene.quality.edit_scores import load_clip_scorer
from unscene.run.checkout import resolve_path

SETTINGS = {
    "backend": "diffusers",
    "size": 16,
    "context": 0.33,
    "smallest_crop": None,
    "steps": 2,
    "guidance": 1.0,
    "strength": 1.0,
    "prompt": "background",
    "negative_prompt": "",
    "feather_px": 1,
    "scheduler": None,
}


@pytest.fixture
def compiled(monkeypatch):
    """The modules that were compiled, by a back end that needs no C++ compiler."""
    import torch

    torch.set_num_threads(1)
    seen = []
    really = torch.nn.Module.compile

    def compile_eagerly(self):
        seen.append(type(self).__name__)
        really(self, backend="eager")

    monkeypatch.setattr(torch.nn.Module, "compile", compile_eagerly)
    return seen


def test_a_compiled_remover_paints_the_same(tmp_path, compiled):
    folder = save_tiny_inpainter(tmp_path / "inpainter")
    photo = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    mask = np.zeros((24, 24), bool)
    mask[6:14, 6:14] = True
    plain = load_remover(SETTINGS, Weights(folder), Setup(batch_size=2)).fill([photo], [mask], [1])[0]
    assert compiled == []
    setup = Setup(batch_size=2, is_compiled=True)
    fast = load_remover(SETTINGS, Weights(folder), setup).fill([photo], [mask], [1])[0]
    assert compiled == ["UNet2DConditionModel", "Decoder"]
    assert np.abs(plain.astype(int) - fast).max() <= 1


def test_a_compiled_clip_scores_the_same(tmp_path, compiled):
    folder = str(make_clip(tmp_path / "clip"))
    crops = [np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)]
    plain = load_clip_scorer(folder, "cpu", 2)(crops, ["dog"])
    fast = load_clip_scorer(folder, "cpu", 2, True)(crops, ["dog"])
    assert compiled == ["VisionTransformer"] and np.allclose(plain, fast, atol=1e-3)


def test_a_compiled_detector_finds_the_same(monkeypatch):
    import torch

    torch.set_num_threads(1)
    seen, really = [], torch.compile

    def compile_eagerly(model, **options):
        seen.append(type(model).__name__)
        return really(model, backend="eager")

    monkeypatch.setattr(torch, "compile", compile_eagerly)
    photos = [np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)]
    path = resolve_path("resources/embedded/judge.pt")
    plain, fast = (
        load_detector(path, 64, Setup(batch_size=2, is_compiled=each)).detect(photos, 0.001)[0]
        for each in (False, True)
    )
    assert seen == ["AutoBackend"] and len(plain.boxes) and plain.categories == fast.categories
    assert np.allclose(plain.boxes, fast.boxes, atol=1e-2)
