"""Sets of classes: folders of photos, and the folders of a benchmark."""

import io
import json
import tarfile

import open_clip
import pytest
import torch
from PIL import Image

from set_files import evaluate, read, save_photo
from tiny_clip import make_clip


def test_class_folders_equal_open_clips_classifier(tmp_path):
    for name in ("dog", "hot_dog", "car"):
        for number in range(3):
            save_photo(tmp_path / "set" / name / f"{number}.png", seed=number + len(name))
    (tmp_path / "names.json").write_text(json.dumps({"dog": "dog", "hot_dog": "hot dog", "car": "car"}))
    task = read(tmp_path, format="class_folders", path="set", classes="names.json")
    assert list(task.classes) == ["car", "dog", "hot dog"] and len(task) == 9 and len(task.templates) == 80
    entry = {"name": "folders", "format": "class_folders", "path": "set"}
    clip = make_clip(tmp_path / "clip")
    metrics, item = evaluate(tmp_path, entry, clip)
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{clip}")
    model.eval()
    classifier = open_clip.build_zero_shot_classifier(
        model, open_clip.get_tokenizer(f"local-dir:{clip}"), task.classes, open_clip.OPENAI_IMAGENET_TEMPLATES
    )
    with torch.no_grad():
        pixels = torch.stack([preprocess(Image.open(path).convert("RGB")) for path in task.paths])
        guess = (model.encode_image(pixels, normalize=True) @ classifier).argmax(dim=1).numpy()
    assert item["correct"].tolist() == (guess == task.class_at).tolist()
    assert metrics["top1"] == pytest.approx((guess == task.class_at).mean())


def test_clip_benchmark_folder(tmp_path):
    folder = tmp_path / "wds"
    (folder / "test").mkdir(parents=True)
    (folder / "classnames.txt").write_text("cat\ndog\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\n")
    with tarfile.open(folder / "test/0.tar", "w") as tar:
        for key, label in (("s1", 1), ("s0", 0)):
            buffer = io.BytesIO()
            Image.new("RGB", (20, 20), (label * 200, 0, 0)).save(buffer, "PNG")
            for suffix, content in (("png", buffer.getvalue()), ("cls", str(label).encode())):
                info = tarfile.TarInfo(f"{key}.{suffix}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    task = read(tmp_path, format="clip_benchmark", path="wds")
    assert task.class_at.tolist() == [0, 1] and task.templates == ["a photo of a {}."]
    assert [Image.open(path).getpixel((0, 0))[0] for path in task.paths] == [0, 200]
