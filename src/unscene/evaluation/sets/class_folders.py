"""Photos of one class each: a folder a class (ImageNet's layout), or a CLIP_benchmark WebDataset
folder on disk.
"""

import json
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from unscene.evaluation.sets.tasks import ClassTask, SetError

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def read_folders(entry: dict, resolve) -> ClassTask:
    """Read `path/{class}/*.jpg`. `classes`: JSON of folder -> name (default: the folder's own name,
    _ as a space).

    A folder of 1,000 WordNet ids (n01440764 ...) gets open_clip's ImageNet names, in sorted order.
    open_clip's 80 templates.
    """
    from unscene.run.offline import stay_offline

    stay_offline()
    from open_clip import IMAGENET_CLASSNAMES

    root = Path(resolve(entry["path"]))
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir())
    names = [folder.name.replace("_", " ") for folder in folders]
    if entry.get("classes"):
        given = json.loads(Path(resolve(entry["classes"])).read_text(encoding="utf-8"))
        names = [given[folder.name] for folder in folders]
    elif len(folders) == len(IMAGENET_CLASSNAMES) and all(_is_wordnet(folder.name) for folder in folders):
        names = list(IMAGENET_CLASSNAMES)
    paths, class_at = [], []
    for position, folder in enumerate(folders):
        photos = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
        paths += photos
        class_at += [position] * len(photos)
    return ClassTask(paths, np.array(class_at, np.int64), names, _read_templates(entry, resolve))


def read_clip_benchmark(entry: dict, resolve) -> ClassTask:
    """Read a dataset as CLIP_benchmark stores it: `classnames.txt`, `zeroshot_classification_templates.txt`,
    `test/*.tar` with `{key}.cls` beside each photo (`split` of the entry: another folder than test)."""
    root = Path(resolve(entry["path"]))
    classes = (root / "classnames.txt").read_text(encoding="utf-8").splitlines()
    templates = (root / "zeroshot_classification_templates.txt").read_text(encoding="utf-8").splitlines()
    templates = [line.replace("{c}", "{}") for line in templates if line.strip()]
    scratch = tempfile.TemporaryDirectory(prefix="unscene-set-")
    photos, class_at = {}, {}
    tars = sorted((root / entry.get("split", "test")).glob("*.tar"))
    if not tars:
        raise SetError(f"evaluate.sets, {entry['name']!r}: no tar in {root / entry.get('split', 'test')}")
    for number, path in enumerate(tars):
        with tarfile.open(path) as tar:
            for member in tar:
                if not member.isfile():
                    continue
                key, suffix = f"{number:05d}-{Path(member.name).stem}", Path(member.name).suffix.lower()
                content = tar.extractfile(member).read()
                if suffix == ".cls":
                    class_at[key] = int(content)
                elif suffix in PHOTO_SUFFIXES:
                    photos[key] = Path(scratch.name) / f"{len(photos):08d}{suffix}"
                    photos[key].write_bytes(content)
    keys = sorted(photos.keys() & class_at.keys())
    return ClassTask(
        [photos[key] for key in keys],
        np.array([class_at[key] for key in keys], np.int64),
        classes,
        templates,
        scratch,
    )


def _read_templates(entry: dict, resolve) -> list[str]:
    """Return the templates of the entry's file, one a line with {} for the class; open_clip's 80
    without one.
    """
    from open_clip import OPENAI_IMAGENET_TEMPLATES

    if entry.get("templates"):
        lines = Path(resolve(entry["templates"])).read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.strip()]
    return [template("{}") for template in OPENAI_IMAGENET_TEMPLATES]


def _is_wordnet(name: str) -> bool:
    return len(name) == 9 and name[0] == "n" and name[1:].isdigit()
