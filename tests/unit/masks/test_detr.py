"""DETR detectors: models of the family with random weights, small enough to be made in the test."""

import json
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from unscene.machine.devices import Setup
from unscene.masks.detectors import load_detector
from unscene.words.category_names import OTHER_NAMES
from unscene.words.coco80 import COCO80

LABELS = {0: "N/A", **{index + 1: name for index, name in enumerate(COCO80.words[:6])}}


def make_rf_detr(labels=LABELS):
    from transformers import (
        RfDetrConfig,
        RfDetrDinov2Config,
        RfDetrForInstanceSegmentation,
        RfDetrImageProcessor,
    )

    backbone = RfDetrDinov2Config(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=56,
        patch_size=14,
        num_windows=1,
        out_features=["stage1", "stage2"],
        num_register_tokens=0,
    )
    config = RfDetrConfig(
        backbone_config=backbone,
        d_model=32,
        decoder_layers=1,
        num_queries=12,
        decoder_ffn_dim=32,
        group_detr=1,
        decoder_self_attention_heads=2,
        decoder_cross_attention_heads=2,
        decoder_n_points=2,
        hidden_expansion=0.5,
        c2f_num_blocks=1,
        id2label=labels,
        label2id={name: index for index, name in labels.items()},
    )
    return RfDetrForInstanceSegmentation(config), RfDetrImageProcessor()


def make_detr(labels=LABELS):
    from transformers import (
        DetrConfig,
        DetrForObjectDetection,
        DetrImageProcessor,
        ResNetConfig,
    )

    backbone = ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 8, 16],
        depths=[1, 1, 1, 1],
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = DetrConfig(
        use_timm_backbone=False,
        backbone_config=backbone,
        backbone=None,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=12,
        id2label=labels,
        label2id={name: index for index, name in labels.items()},
    )
    return DetrForObjectDetection(config), DetrImageProcessor()


MAKERS = {"rf_detr": make_rf_detr, "detr": make_detr}
SIDE = {"rf_detr": 56, "detr": 64}


@pytest.fixture(scope="module", params=MAKERS)
def made(request, tmp_path_factory):
    """(folder, side, model, processor) of each kind."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, processor = MAKERS[request.param]()
    for name, values in model.named_parameters():  # or nothing would be found with confidence
        if "class" in name:
            torch.nn.init.normal_(values, std=0.3)
    folder = tmp_path_factory.mktemp(request.param)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder, SIDE[request.param], model.eval(), processor


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (40 + 7 * i, 90 - 5 * i, 3), dtype=np.uint8) for i in range(7)]


def load(made, batch_size=3):
    return load_detector(made[0], made[1], Setup(batch_size=batch_size))


def test_an_object_is_found_at_the_confidence_or_above(made, photos):
    detector = load(made)
    confidences = detector.detect(photos[:1], 0.01)[0].confidences
    cut = confidences[len(confidences) // 2]
    found = [
        len(detector.detect(photos[:1], float(each))[0].confidences)
        for each in (np.nextafter(cut, np.float32(0)), cut, np.nextafter(cut, np.float32(1)))
    ]
    same = int((confidences == cut).sum())
    assert found[0] == found[1] == int((confidences >= cut).sum()) and found[2] == found[1] - same


def test_results_do_not_depend_on_batch_mates(made, photos):
    detector = load(made)
    masks = detector.is_segmenter
    alone = [detector.detect([photo], 0.05, want_masks=masks)[0] for photo in photos]
    rng = np.random.default_rng(1)
    for order in [range(len(photos)), *(rng.permutation(len(photos)) for _ in range(5))]:
        mixed = detector.detect([photos[place] for place in order], 0.05, want_masks=masks)
        for place, found in zip(order, mixed, strict=True):
            assert found.categories == alone[place].categories and len(found.boxes) > 0
            assert found.boxes.tobytes() == alone[place].boxes.tobytes()
            assert found.confidences.tobytes() == alone[place].confidences.tobytes()
            assert found.seen_boxes.tobytes() == alone[place].seen_boxes.tobytes()
            assert not masks or (found.masks == alone[place].masks).all()


def test_a_compiled_one_finds_the_same(made, photos, monkeypatch):
    plain, really = load(made).detect(photos[:1], 0.05)[0], torch.nn.Module.compile
    seen = []

    def compile_eagerly(self):
        seen.append(self)
        really(self, backend="eager")

    monkeypatch.setattr(torch.nn.Module, "compile", compile_eagerly)
    fast = load_detector(made[0], made[1], Setup(batch_size=3, is_compiled=True)).detect(photos[:1], 0.05)[0]
    assert len(seen) == 1 and plain.categories == fast.categories
    assert np.allclose(plain.boxes, fast.boxes, atol=1e-2)


def test_boxes_equal_those_of_the_library(made, photos):
    folder, side, model, processor = made
    detector = load(made, batch_size=1)
    photo = photos[1]
    found = detector.detect([photo], 0.1)[0]
    assert (np.diff(found.confidences) <= 0).all() and "N/A" in detector.categories
    import cv2

    square = cv2.resize(photo, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    square = (square - processor.image_mean) / processor.image_std
    with torch.inference_mode():
        seen = model(pixel_values=torch.from_numpy(square.transpose(2, 0, 1)[None]).float())
    post = processor.post_process_object_detection(seen, threshold=0.1, target_sizes=[photo.shape[:2]])[0]
    height, width = photo.shape[:2]
    theirs = post["boxes"].clamp(min=0).numpy().clip(0, (width, height, width, height))
    names = [LABELS[int(label)] for label in post["labels"]]
    # The library keeps the best label of a query, or as many pairs as there are queries: all of
    # them are among ours.
    for box, name, score in zip(theirs, names, post["scores"].tolist(), strict=True):
        same = [row for row, category in enumerate(found.categories) if category == name]
        gap = np.abs(found.boxes[same] - box).max(axis=1) + np.abs(found.confidences[same] - score)
        assert gap.min() < 1e-3


def test_only_wanted_categories_come_back_and_everything_is_seen(made, photos):
    detector = load(made)
    everything = detector.detect(photos, 0.05, want_masks=detector.is_segmenter)
    wanted = [
        {COCO80.words[0]},
        set(),
        {COCO80.words[1], COCO80.words[2]},
        {COCO80.words[79]},
        {COCO80.words[3]},
        None,
        {COCO80.words[0]},
    ]
    chosen = detector.detect(photos, 0.05, want_masks=detector.is_segmenter, only=wanted)
    for all_found, found, names, photo in zip(everything, chosen, wanted, photos, strict=True):
        keep = [
            row for row, category in enumerate(all_found.categories) if names is None or category in names
        ]
        assert found.categories == [all_found.categories[row] for row in keep]
        assert np.array_equal(found.boxes, all_found.boxes[keep])
        assert np.array_equal(found.seen_boxes, all_found.boxes)
        if detector.is_segmenter:
            assert np.array_equal(found.masks, all_found.masks[keep])
            assert found.masks.shape == (len(keep), *photo.shape[:2]) and found.masks.dtype == bool


def test_clear_errors(made, photos, tmp_path):
    detector = load(made)
    with pytest.raises(ValueError, match="no suppression"):
        detector.detect(photos[:1], 0.5, nms=True)
    if not detector.is_segmenter:
        with pytest.raises(ValueError, match="segmentation model"):
            detector.detect(photos[:1], 0.5, want_masks=True)
    with pytest.raises(ValueError, match="config.json is missing"):
        load_detector(tmp_path, 64)
    (tmp_path / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}')
    with pytest.raises(ValueError, match="masks.weights: .* of the type bert are not supported"):
        load_detector(tmp_path, 64)
    model = type(detector._model).__name__.split("For")[0] + "Model"  # without a head
    told = json.loads((made[0] / "config.json").read_text()) | {"architectures": [model]}
    (tmp_path / "config.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match=f"quality.judge: .*{model}, which finds no objects"):
        load_detector(tmp_path, 64, key="quality.judge")


@pytest.mark.parametrize("kind", MAKERS)
def test_cocos_categories_are_known_by_their_other_names(kind, tmp_path):
    """RT-DETR, D-FINE and their like call a couch a sofa."""
    old = {new: name for name, new in OTHER_NAMES.items()}
    model, processor = MAKERS[kind]({index: old.get(word, word) for index, word in enumerate(COCO80)})
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    assert load_detector(tmp_path, SIDE[kind]).categories == COCO80.words


def change_config(folder: Path, **changes) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_weights(folder: Path, change, further: str | None = None) -> None:
    """Write what `change` makes of each tensor, without those of which it makes None."""
    path = folder / "model.safetensors"
    changed = {name: change(name, value) for name, value in load_file(path).items()}
    kept = {name: value for name, value in changed.items() if value is not None}
    save_file(kept | ({further: torch.ones(2)} if further else {}), path, metadata={"format": "pt"})


def test_what_counts_for_nothing_may_be_beyond_or_missing(made, photos, tmp_path):
    folder = shutil.copytree(made[0], tmp_path / "detector")
    for name in ("backbone.norm.num_batches_tracked", "model.embeddings.position_ids"):
        change_weights(folder, lambda name, value: value, further=name)
        found = load_detector(folder, made[1], Setup(batch_size=3)).detect(photos[:1], 0.05)[0]
        assert found.boxes.tobytes() == load(made).detect(photos[:1], 0.05)[0].boxes.tobytes()
    change_weights(folder, lambda name, value: None if name.endswith("num_batches_tracked") else value)
    assert load_detector(folder, made[1]).categories


def test_a_folder_that_is_not_whole_is_refused(made, tmp_path):
    for break_it, told in (
        (lambda f: (f / "config.json").unlink(), "config.json is missing"),
        (lambda f: (f / "preprocessor_config.json").unlink(), "cannot be loaded"),
        (lambda f: (f / "model.safetensors").unlink(), "cannot be loaded"),
        (lambda f: (f / "model.safetensors").write_bytes(b"version https://git-lfs.github.com"), "Git LFS"),
        (lambda f: (p := f / "model.safetensors").write_bytes(p.read_bytes()[:-8]), "is cut off"),
        (lambda f: (f / "config.json").write_text("{"), "cannot be read as JSON"),
        (lambda f: (f / "config.json").write_text("[]"), "not a JSON object"),
        (lambda f: (f / "preprocessor_config.json").write_text('{"do_'), "cannot be read as JSON"),
        (lambda f: (f / "model.safetensors.index.json").write_text("{"), "cannot be read as JSON"),
        (lambda f: (f / "model.safetensors.index.json").write_text("{}"), "no weight_map"),
        (
            lambda f: change_config(f, id2label=dict(enumerate([None, *LABELS.values()][: len(LABELS)]))),
            "is None",
        ),
        (lambda f: change_config(f, id2label={"0": "dog"}), "tensors have another shape ("),
        (lambda f: change_weights(f, lambda name, value: value if "class" not in name else None), "missing"),
        (lambda f: change_weights(f, lambda name, value: value if len(name) % 2 else None), "missing"),
        (lambda f: change_weights(f, lambda name, value: value, further="layers.9.weight"), "unknown to it"),
        (lambda f: change_weights(f, lambda name, value: value * float("nan")), "holds NaN or infinity"),
        (lambda f: change_weights(f, lambda name, value: value / 0), "holds NaN or infinity"),
    ):
        folder = Path(tempfile.mkdtemp(dir=tmp_path)) / "detector"
        shutil.copytree(made[0], folder)
        break_it(folder)
        with pytest.raises(ValueError, match=re.escape(str(folder))) as caught:
            load_detector(folder, made[1])
        assert told in str(caught.value)
