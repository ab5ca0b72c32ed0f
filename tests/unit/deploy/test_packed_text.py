"""The exported text tower of CLIP's own kind: equal to open_clip's on any mix of lengths, at the cost
of the tokens that count.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip.model import CLIP

from tiny_clip import make_clip
from unscene.deploy.models import load_model
from unscene.deploy.onnx_form import export_tower
from unscene.deploy.packed_text import can_pack
from unscene.serving.server.onnx_clip import load_tower

# Texts of 1, 10 and 75 tokens between their marks, an empty one and one that is too long.
TEXTS = ["dog", "a " * 9 + "dog", "dog " * 75, "", "no cat " * 60]
VISION = {"image_size": 32, "patch_size": 16, "width": 32, "layers": 1, "head_width": 16}
TEXT = {"context_length": 12, "vocab_size": 300, "width": 32, "heads": 2, "layers": 2}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model and the file of its text tower."""
    folder = tmp_path_factory.mktemp("packed")
    model = load_model(make_clip(folder / "clip"))
    export_tower(model, "text", folder / "text.onnx")
    return model, folder / "text.onnx"


def embed(model, texts):
    """Return open_clip's own tokens and features of texts, each text alone and at the whole context."""
    tokens = model.tokenizer(texts)
    with torch.no_grad():
        features = [model.network.encode_text(row[None], normalize=True) for row in tokens]
    return tokens.numpy().astype(np.int32), torch.cat(features).numpy()


@pytest.mark.parametrize("chosen", [[0], [1], [2], [3], [4], [0, 1], [3, 0], [2, 0, 1], range(5), [1] * 6])
def test_any_mix_of_texts_is_embedded_as_by_open_clip(exported, chosen):
    model, path = exported
    tokens, expected = embed(model, [TEXTS[number] for number in chosen])
    tower = load_tower(path, threads=1)
    longest = tokens.argmax(1).max() + 1
    for length in {max(longest, 4), min(longest + 3, 77), 77}:  # 77 is what Immich sends
        found = tower.run(None, {"text": tokens[:, :length]})[0]
        assert found.shape == expected.shape and np.abs(found - expected).max() < 1e-6, length


def test_only_tokens_that_count_are_computed(exported, tmp_path):
    """By onnxruntime's own record of what each matrix product gave."""
    import onnxruntime

    model, path = exported
    tokens, _ = embed(model, [TEXTS[0], TEXTS[1]])
    options = onnxruntime.SessionOptions()
    options.enable_profiling, options.profile_file_prefix = True, str(tmp_path / "profile")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    session.run(None, {"text": tokens})
    events = json.loads(Path(session.end_profiling()).read_text())
    kernels = [one["args"] for one in events if one["name"].endswith("_kernel_time")]
    shapes = [
        next(iter(out.values()))
        for one in kernels
        if one["op_name"] in ("MatMul", "Gemm", "FusedGemm")
        for out in one["output_type_shape"]
    ]
    rows = {int(np.prod(shape[:-1])) for shape in shapes if len(shape) < 4}
    assert rows == {3 + 12, 2}  # the tokens of both texts, and a row a text from the last block on


def test_towers_of_another_kind_are_left_alone():
    def build(**text):
        return CLIP(32, VISION, TEXT | text)

    plain = build()
    assert can_pack(plain) and can_pack(build(ls_init_value=0.1)) and can_pack(build(proj_bias=True))
    assert not can_pack(build(no_causal_mask=True))
    assert not can_pack(build(pool_type="last"))
    assert not can_pack(build(qk_norm=True))  # blocks of another class
    plain.attn_mask[0, 3] = 0  # a place that sees one behind it
    assert not can_pack(plain)


@pytest.mark.parametrize("text", [{"ls_init_value": 0.1}, {"proj_bias": True}, {"proj_type": "none"}])
def test_parts_that_clips_differ_in_are_computed(text):
    from unscene.deploy.packed_text import make_packed_text

    torch.manual_seed(0)
    network = CLIP(32, VISION, TEXT | text).eval()
    tokens = torch.randint(1, 200, (3, 12))
    tokens[0, 3] = tokens[1, 11] = tokens[2, 1] = 299
    with torch.no_grad():
        expected = network.encode_text(tokens, normalize=True)
        assert torch.allclose(make_packed_text(network)(tokens), expected, atol=1e-6)
