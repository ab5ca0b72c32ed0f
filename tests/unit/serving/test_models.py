"""Folders that were exported before: text towers of free length and of a fixed one."""

import numpy as np
import onnx

from served_model import CONTEXT, make_deploy
from unscene.serving.server.models import Model
from unscene.serving.server.onnx_clip import OnnxClip

TEXTS = ["red", "", "a photo of green, not red and not blue", "blue " * CONTEXT]


def test_a_tower_of_fixed_length_is_given_its_whole_context(tmp_path):
    folder = make_deploy(tmp_path) / "onnx"
    free = Model("tuned", OnnxClip(folder), "tower", 64)
    tower = onnx.load(folder / "text.onnx")
    tower.graph.input[0].type.tensor_type.shape.dim[1].dim_value = CONTEXT
    onnx.save(tower, folder / "text.onnx")
    fixed = Model("tuned", OnnxClip(folder), "tower", 64)
    assert free.is_free_length and not fixed.is_free_length
    for texts in (TEXTS[:1], TEXTS[:3]):
        found = [
            np.stack([future.result(60) for future in model.submit_texts(texts)[0]])
            for model in (free, fixed)
        ]
        assert np.array_equal(*found)
    # The small client pads, and cuts, to the context: both take that.
    assert np.array_equal(free.clip.embed_texts(TEXTS), fixed.clip.embed_texts(TEXTS))
