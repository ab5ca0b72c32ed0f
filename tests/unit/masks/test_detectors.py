"""Detectors: real and random checkpoints through ultralytics, offline."""

from functools import cache

import numpy as np
import pytest

from unscene.machine.devices import Setup
from unscene.masks.detectors import load_detector
from unscene.masks.detectors.yolo import Detector


@pytest.fixture(scope="module")
def random_checkpoint(tmp_path_factory):
    """A function (architecture) -> path of a checkpoint with random weights."""

    @cache
    def save(name):
        import torch
        from ultralytics import YOLO

        torch.manual_seed(0)
        model = YOLO(f"{name}.yaml", verbose=False)
        path = tmp_path_factory.mktemp("weights") / f"{name}.pt"
        model.save(path)
        return path

    return save


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (40 + 7 * i, 90 - 5 * i, 3), dtype=np.uint8) for i in range(6)]


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that spin while they wait for each other make small models slower on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def real_detector(real_data):
    return Detector(real_data / "models" / "yolo11n-seg.pt", 320, Setup(batch_size=2))


@pytest.fixture(scope="module")
def real_photos(real_data):
    from unscene.photos.images import read_photo

    names = ("000000000285", "000000000785", "000000001000")
    return [np.asarray(read_photo(real_data / "coco_sample" / "images" / f"{name}.jpg")) for name in names]


@pytest.mark.real
def test_real_weights_find_real_objects(real_detector, real_photos):
    bear, skier, _ = real_detector.detect(real_photos, 0.25, want_masks=True)
    assert bear.categories[0] == "bear" and bear.confidences[0] > 0.7
    assert bear.boxes.dtype == np.float32 and bear.boxes.shape == (len(bear.categories), 4)
    assert bear.masks.dtype == bool and bear.masks.shape[1:] == real_photos[0].shape[:2]
    assert "person" in skier.categories
    x0, y0, x1, y1 = bear.boxes[0].round().astype(int)
    assert bear.masks[0][max(y0, 0) : y1, max(x0, 0) : x1].sum() > 0.95 * bear.masks[0].sum()
    assert (np.diff(bear.confidences) <= 0).all()


@pytest.mark.real
def test_real_results_do_not_depend_on_batch_mates(real_detector, real_photos):
    forward = real_detector.detect(real_photos, 0.1, want_masks=True)
    backward = real_detector.detect(real_photos[::-1], 0.1, want_masks=True)[::-1]
    alone = real_detector.detect(real_photos[1:2], 0.1, want_masks=True)
    for first, second in [*zip(forward, backward, strict=True), (forward[1], alone[0])]:
        assert np.array_equal(first.boxes, second.boxes) and np.array_equal(first.masks, second.masks)
        assert np.array_equal(first.confidences, second.confidences) and first.categories == second.categories


@pytest.mark.real
def test_real_only_wanted_categories_get_masks(real_detector, real_photos):
    everything = real_detector.detect(real_photos, 0.1, want_masks=True)
    wanted = [{"person"}, {"skis", "bird"}, set()]
    chosen = real_detector.detect(real_photos, 0.1, want_masks=True, only=wanted)
    for all_found, found, names in zip(everything, chosen, wanted, strict=True):
        keep = [i for i, category in enumerate(all_found.categories) if category in names]
        assert found.categories == [all_found.categories[i] for i in keep]
        assert np.array_equal(found.masks, all_found.masks[keep])
        assert np.array_equal(found.seen_boxes, all_found.boxes)
    assert chosen[2].masks.shape == (0, *real_photos[2].shape[:2])


def count_duplicates(detections, iou=0.9):
    """Count pairs of one category whose boxes overlap by more than `iou`."""
    boxes, count = detections.boxes, 0
    for i in range(len(boxes)):
        for j in range(i):
            low, high = np.maximum(boxes[i, :2], boxes[j, :2]), np.minimum(boxes[i, 2:], boxes[j, 2:])
            overlap = np.prod(np.clip(high - low, 0, None))
            areas = [np.prod(box[2:] - box[:2]) for box in (boxes[i], boxes[j])]
            same = detections.categories[i] == detections.categories[j]
            count += bool(same and overlap > iou * (sum(areas) - overlap))
    return count


@pytest.mark.real
def test_real_suppression_leaves_no_duplicates(real_detector, real_photos):
    duplicates = [count_duplicates(d) for d in real_detector.detect(real_photos, 0.05, nms="auto")]
    assert duplicates == [0, 0, 0]
    unsuppressed = [count_duplicates(d) for d in real_detector.detect(real_photos, 0.05, iou=1.0)]
    assert sum(unsuppressed) > 20  # so the count above can fail


def test_auto_turns_suppression_off_for_end_to_end_heads_only(random_checkpoint, photos):
    end_to_end = Detector(random_checkpoint("yolo26n-seg"), 64, Setup(batch_size=4))
    classic = Detector(random_checkpoint("yolo11n-seg"), 64, Setup(batch_size=4))
    assert end_to_end.is_end_to_end and not classic.is_end_to_end
    for detector in (end_to_end, classic):
        found = detector.detect(photos[:2], 1e-6, want_masks=True)
        assert all(len(d.masks) == len(d.boxes) == len(d.categories) for d in found)
        assert all(d.masks.shape[1:] == photo.shape[:2] for d, photo in zip(found, photos, strict=False))
        backend = detector._model.predictor.model
        assert bool(backend.end2end) == (detector is end_to_end)
    with pytest.raises(ValueError, match="end-to-end"):
        classic.detect(photos[:1], 0.1, nms=False)


def test_every_batch_has_one_shape(random_checkpoint, photos):
    import torch

    detector = Detector(random_checkpoint("yolo11n-seg"), 64, Setup(batch_size=4))
    torch.set_num_threads(1)
    shapes = []
    predict = detector._model.predict
    detector._model.predict = lambda batch, **kw: shapes.append(len(batch)) or predict(batch, **kw)
    assert len(detector.detect(photos, 0.5)) == 6 and detector.detect([], 0.5) == []
    assert shapes == [4, 4] and torch.get_num_threads() == 1


def test_a_suppression_that_ran_out_of_time_is_an_error_not_an_empty_photo(random_checkpoint, photos):
    from ultralytics.utils import LOGGER

    detector = Detector(random_checkpoint("yolo11n-seg"), 64, Setup(batch_size=4))
    predict, calls = detector._model.predict, []

    def overrun(batch, **options):
        calls.append(1)
        if len(calls) <= fails:
            LOGGER.warning("NMS time limit 2.200s exceeded")
        return predict(batch, **options)

    detector._model.predict = overrun
    fails = 1
    assert len(detector.detect(photos[:1], 0.5)) == 1 and len(calls) == 2
    fails = 99
    with pytest.raises(RuntimeError, match="ran out of time"):
        detector.detect(photos[:1], 0.5)


def test_a_checkpoint_of_another_checksum_is_never_unpickled(tmp_path):
    import hashlib
    import pickle

    class Bomb:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps(Bomb()))
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ValueError, match=f"model.pt: its SHA-256 is {right}, the config .* says {'0' * 64}"):
        load_detector(path, 64, sha256="0" * 64)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(ValueError, match="cannot be loaded"):  # the right checksum lets the file through
        load_detector(path, 64, sha256=right.upper())
    assert not (tmp_path / "ran").exists()
    with pytest.raises(ValueError, match="a folder has no SHA-256"):
        load_detector(tmp_path, 64, sha256=right)
    with pytest.raises(FileNotFoundError, match="no such detector checkpoint"):
        load_detector(tmp_path / "absent.pt", 64, sha256=right)


def test_no_code_in_a_checkpoint_runs(random_checkpoint, tmp_path, monkeypatch):
    import torch
    from ultralytics.nn import tasks

    class Bomb:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    monkeypatch.setattr(tasks, "SAFE_LOAD", False)  # as where ultralytics was imported first
    saved = torch.load(random_checkpoint("yolo11n"), weights_only=False)
    for number, content in enumerate((Bomb(), saved | {"date": Bomb()})):
        for is_zip in (True, False):
            path = tmp_path / f"{number}{is_zip}.pt"
            torch.save(content, path, _use_new_zipfile_serialization=is_zip)
            with pytest.raises(ValueError, match="cannot be loaded"):
                load_detector(path, 64)
            assert not (tmp_path / "ran").exists()


def test_a_checkpoint_in_a_hubs_cache_is_found_by_its_link(random_checkpoint, tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "4c8c9b").write_bytes(random_checkpoint("yolo11n").read_bytes())
    (tmp_path / "model.pt").symlink_to("blobs/4c8c9b")
    assert len(load_detector(tmp_path / "model.pt", 64).categories) == 80
    (tmp_path / "loop.pt").symlink_to("loop.pt")
    with pytest.raises(FileNotFoundError, match="loop.pt: no such detector checkpoint"):
        load_detector(tmp_path / "loop.pt", 64)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data[: len(data) // 2] + bytes(512) + data[len(data) // 2 + 512 :], "is damaged"),
        (lambda data: data[:70000] + bytes([data[70000] ^ 1]) + data[70001:], "has another check sum"),
        (lambda data: data[: len(data) // 2] + bytes(len(data) // 2), "ends in zeros"),
        (lambda data: b"Invalid username or password.", "is text, not weights: 'Invalid username"),
        (lambda data: b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is a web page"),
    ],
)
def test_a_damaged_checkpoint_is_refused(random_checkpoint, tmp_path, change, told):
    (tmp_path / "m.pt").write_bytes(change(random_checkpoint("yolo11n").read_bytes()))
    with pytest.raises(ValueError, match=rf"masks\.weights: .*m\.pt .*{told}"):
        load_detector(tmp_path / "m.pt", 64)


def test_a_file_of_another_kind_is_named(random_checkpoint, tmp_path):
    (tmp_path / "m.onnx").write_bytes(random_checkpoint("yolo11n").read_bytes())
    with pytest.raises(ValueError, match="masks.weights: .*m.onnx is no .pt file"):
        load_detector(tmp_path / "m.onnx", 64)


@pytest.mark.parametrize("task", ["cls", "pose"])
def test_a_network_for_another_task_is_no_detector(random_checkpoint, task):
    told = {"cls": "classify", "pose": "pose"}[task]
    with pytest.raises(
        ValueError, match=f"quality.judge: .* for the task {told}; take one that finds objects"
    ):
        load_detector(random_checkpoint(f"yolo11n-{task}"), 64, key="quality.judge")


@pytest.mark.parametrize("name", ["bias", "running_var"])
def test_weights_that_are_no_numbers_are_refused(random_checkpoint, tmp_path, name):
    import torch

    saved = torch.load(random_checkpoint("yolo11n"), weights_only=False)
    tensor = next(value for key, value in saved["model"].state_dict().items() if key.endswith(name))
    tensor.view(-1)[-1] = float("inf")
    torch.save(saved, tmp_path / "damaged.pt")
    with pytest.raises(ValueError, match=rf"damaged\.pt: its tensor .*{name} holds NaN or infinity"):
        load_detector(tmp_path / "damaged.pt", 64)


def test_clear_errors(tmp_path, random_checkpoint, photos):
    with pytest.raises(FileNotFoundError, match="no such detector checkpoint"):
        Detector("yolo11n-seg.pt", 64)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="cannot be loaded"):
        Detector(broken, 64)
    boxes_only = Detector(random_checkpoint("yolo11n"), 64, Setup(batch_size=1))
    assert boxes_only.detect(photos[:1], 1e-6, only=[{"dog"}])[0].masks is None
    with pytest.raises(ValueError, match="segmentation checkpoint"):
        boxes_only.detect(photos[:1], 0.1, want_masks=True)
