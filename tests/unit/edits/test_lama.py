"""LaMa by path: TorchScript and ONNX exports of a small model with big-LaMa's inputs and outputs."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file

from unscene.edits.removers import REMOVERS, RemovalError, Weights, load_remover
from unscene.machine.devices import Setup
from unscene.photos.mask_shapes import feather

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

SETTINGS = {"backend": "lama", "size": 20, "context": 0.33, "smallest_crop": None, "feather_px": 0}


class SmallLama(torch.nn.Module):
    """A convolution over the masked photo, pasted into the hole; `scale` is the range of what it returns."""

    def __init__(self, scale: float):
        super().__init__()
        torch.manual_seed(0)
        self.scale = scale
        self.convolution = torch.nn.Conv2d(4, 3, 5, stride=1, padding=2)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        masked = image * (1 - mask)
        filled = torch.sigmoid(self.convolution(torch.cat([masked, mask], dim=1)))
        return (mask * filled + (1 - mask) * image) * self.scale


def export(path, scale=1.0, batch=None, side=24):
    """Write the model as TorchScript or, by the suffix .onnx, as ONNX with a fixed side."""
    model = SmallLama(scale).eval()
    if path.suffix != ".onnx":
        torch.jit.script(model).save(str(path))
        return path
    from torch.onnx._internal.torchscript_exporter import onnx_proto_utils

    # It would only look for custom functions, of which there are none, and needs a package for that.
    onnx_proto_utils._add_onnxscript_fn = lambda model_bytes, _: model_bytes
    names = ["image", "mask", "output"]
    example = tuple(torch.rand(batch or 2, channels, side, side) for channels in (3, 1))
    torch.onnx.export(
        model,
        example,
        str(path),
        input_names=names[:2],
        output_names=names[2:],
        dynamo=False,
        dynamic_axes=None if batch else {name: {0: "batch"} for name in names},
    )
    return path


def load(path, batch_size=3, **changes):
    weights = Weights(path, fingerprint="0123456789abcdef")
    return load_remover(SETTINGS | changes, weights, Setup(batch_size=batch_size))


def make_photos(count=4):
    rng = np.random.default_rng(0)
    photos = [rng.integers(0, 256, (40 + i, 50, 3), dtype=np.uint8) for i in range(count)]
    masks = [np.zeros(photo.shape[:2], bool) for photo in photos]
    for i, mask in enumerate(masks):
        mask[5 : 14 + i, 8 + i : 20] = True
    return photos, masks


@pytest.mark.parametrize(
    ("name", "scale"), [("lama.pt", 1.0), ("lama.pt", 255.0), ("lama.onnx", 1.0), ("lama.onnx", 255.0)]
)
def test_both_formats_and_both_ranges_paint_the_same(tmp_path, name, scale):
    torch.set_num_threads(1)
    (tmp_path / "reference").mkdir()
    reference = load(export(tmp_path / "reference" / "lama.pt"))
    remover = load(export(tmp_path / name, scale))
    photos, masks = make_photos()
    filled = remover.fill(photos, masks, [0] * 4)
    for one, other, photo, mask in zip(
        filled, reference.fill(photos, masks, [1] * 4), photos, masks, strict=True
    ):
        assert np.array_equal(one[~mask], photo[~mask]) and (one[mask] != photo[mask]).mean() > 0.9
        assert np.abs(one.astype(int) - other).max() <= 1
    assert remover.batch_shape == "3x3x24x24" and remover.name == "lama-01234567"  # 20 pixels padded to 24


def test_a_result_depends_on_photo_and_mask_alone(tmp_path):
    torch.set_num_threads(1)
    remover = load(export(tmp_path / "lama.pt"))
    photos, masks = make_photos()
    together = remover.fill(photos, masks, [0] * 4)
    backward = remover.fill(photos[::-1], masks[::-1], [0] * 4)[::-1]
    alone = remover.fill(photos[2:3], masks[2:3], [9])
    assert all(np.array_equal(*pair) for pair in zip(together, backward, strict=True))
    assert np.array_equal(alone[0], together[2])


def test_the_blend_is_feathered_as_the_config_says(tmp_path):
    path = export(tmp_path / "lama.pt")
    (photo, *_), (mask, *_) = make_photos()
    sharp, soft = (load(path, feather_px=px).fill([photo], [mask], [1])[0] for px in (0, 3))
    weight = feather(mask, 3)[..., None]
    assert np.array_equal(
        soft, np.round(sharp * weight + photo.astype(np.float32) * (1 - weight)).astype(np.uint8)
    )
    assert not np.array_equal(soft, sharp)


def test_the_hole_is_hidden_from_the_model(tmp_path):
    remover = load(export(tmp_path / "lama.pt"))
    (photo, *_), (mask, *_) = make_photos()
    other = photo.copy()
    other[mask] = 255 - other[mask]
    # At the crop's own resolution no pixel of the hole mixes with others.
    remover = load(export(tmp_path / "lama.pt", side=24), size=24, smallest_crop=24)
    first, second = remover.fill([photo, other], [mask, mask], [0, 0])
    assert np.array_equal(first, second)


def test_a_fixed_batch_of_an_export_is_kept(tmp_path):
    remover = load(export(tmp_path / "lama.onnx", batch=1))
    photos, masks = make_photos()
    free = load(export(tmp_path / "free.onnx"))
    assert remover.batch_shape == "1x3x24x24" and free.batch_shape == "3x3x24x24"
    for one, other in zip(
        remover.fill(photos, masks, [0] * 4), free.fill(photos, masks, [0] * 4), strict=True
    ):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_numbers_that_are_none_give_none(tmp_path):
    remover = load(export(tmp_path / "lama.pt"))
    run = remover._run

    def break_first(image, hole):
        painted = run(image, hole)
        painted[0] = np.nan
        return painted

    remover._run = break_first
    photos, masks = make_photos(2)
    filled = remover.fill(photos, masks, [0, 0])
    assert filled[0] is None and filled[1] is not None


class Other(torch.nn.Module):
    """What is exported by mistake."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer
        self.weight = torch.nn.Parameter(torch.ones(1))


class OneInput(Other):
    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image


class Pair(Other):
    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return image, mask


class Infinite(Other):
    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return image / torch.zeros_like(image)


def write_onnx(path, shapes, kind=TensorProto.FLOAT):
    """Write an ONNX file that gives its first input back."""
    inputs = [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()]
    first = next(iter(shapes))
    output = helper.make_tensor_value_info("painted", kind, shapes[first])
    graph = helper.make_graph([helper.make_node("Identity", [first], ["painted"])], "g", inputs, [output])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


FREE = {"image": ["b", "c", "h", "w"], "mask": ["b", 1, "h", "w"]}


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_an_onnx_file_of_any_sizes_and_of_half_precision_paints(tmp_path, kind):
    write_onnx(tmp_path / "lama.onnx", FREE, kind)
    (photo, *_), (mask, *_) = make_photos()
    assert load(tmp_path / "lama.onnx").fill([photo], [mask], [0])[0].shape == photo.shape


def damage(path):
    model = SmallLama(1.0).eval()
    torch.nn.init.constant_(model.convolution.bias, float("inf"))
    torch.jit.script(model).save(str(path))


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("l.pt", lambda p: torch.jit.script(OneInput(0)).save(str(p)), "does not take a photo and its mask"),
        ("l.pt", lambda p: torch.jit.script(Pair(0)).save(str(p)), "returns a tuple, not a photo"),
        ("l.pt", lambda p: torch.jit.script(Infinite(0)).save(str(p)), "NaN or infinity for a grey square"),
        ("l.pt", damage, "its tensor convolution.bias holds NaN or infinity"),
        ("l.onnx", lambda p: write_onnx(p, {"ids": ["b", "s"], "mask": ["b", "s"]}), "asks for ids"),
        ("l.onnx", lambda p: write_onnx(p, {"image": [1, 24, 24, 3], "mask": [1, 24, 24, 1]}), "asks for im"),
        ("l.onnx", lambda p: write_onnx(p, FREE, TensorProto.INT64), "asks for image tensor\\(int64\\)"),
        ("l.onnx", lambda p: write_onnx(p, {"image": FREE["image"]}), "asks for image"),
    ],
)
def test_a_file_that_is_no_lama_is_told_when_it_is_opened(tmp_path, name, make, told):
    make(tmp_path / name)
    with pytest.raises(RemovalError, match=rf"edits\.weights: .*{told}"):
        load(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("l.pt", lambda p: p.write_text("version https://git-lfs.github.com/spec/v1"), "pointer of Git LFS"),
        ("l.pt", lambda p: p.write_bytes(export(p).read_bytes()[:-200]), "is cut off"),
        ("l.ckpt", lambda p: torch.save({"state_dict": {}}, p), "a checkpoint without its network"),
        ("l.safetensors", lambda p: save_file({"weight": torch.ones(1)}, p), "neither TorchScript nor .onnx"),
        ("l", lambda p: p.mkdir(), "is a folder"),
    ],
)
def test_a_file_that_is_no_export_is_told_at_the_start(tmp_path, name, make, told):
    make(tmp_path / name)
    with pytest.raises(RemovalError, match=rf"edits\.weights: .*{told}"):
        REMOVERS["lama"].check(Weights(tmp_path / name))


def test_clear_errors(tmp_path):
    for name in ("broken.pt", "broken.onnx"):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(RemovalError, match="edits.weights"):
            load(tmp_path / name)
    with pytest.raises(RemovalError, match="set edits.size to 24"):
        load(export(tmp_path / "lama.onnx"), size=32)
