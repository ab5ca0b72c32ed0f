"""The real photos in each form that `unscene new` takes, and a run of each up to its report.

    python tests/helpers/own_forms.py ../shared/data FOLDER [FORM ...]

A form is a folder with a copy of a few photos and their captions, as people have them; then come the
lines of the README: `unscene new`, and Snakemake with `train.clip: null`, Telea and YOLO11n. Libraries
are imported once, and each run is a fork. Prints a line a form: minutes, pairs, what was asked of the user.
"""

import csv
import io
import json
import os
import shutil
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
PHOTOS = 6
Captions = dict[str, list[str]]


def choose_photos(data: Path, count: int = PHOTOS) -> Captions:
    """Return {file name: captions} of labelled photos with a large object that a caption names."""
    captions, instances = (
        json.loads((data / "coco_sample" / f"{name}.json").read_text()) for name in ("captions", "instances")
    )
    names = {image["id"]: image["file_name"] for image in captions["images"]}
    texts: dict[int, list[str]] = {}
    for one in captions["annotations"]:
        texts.setdefault(one["image_id"], []).append(one["caption"])
    category = {one["id"]: one["name"] for one in instances["categories"]}
    areas: dict[int, float] = {}
    for one in instances["annotations"]:
        image = one["image_id"]
        if 4_000 < one["area"] < 60_000 and any(category[one["category_id"]] in t for t in texts[image]):
            areas[image] = max(areas.get(image, 0), one["area"])
    chosen = sorted(areas, key=lambda image: (-areas[image], image))[:count]
    return {names[image]: texts[image] for image in sorted(chosen)}


def write_rows(path: Path, captions: Captions, separator=",", head=("path", "caption"), encoding="utf-8"):
    """Write a table with a row a caption."""
    with open(path, "w", encoding=encoding, newline="") as file:
        rows = [(f"photos/{name}", text) for name, texts in captions.items() for text in texts]
        csv.writer(file, delimiter=separator).writerows([head, *rows] if head else rows)


def write_beside(folder: Path, captions: Captions, kind: str) -> None:
    """Write the captions of each photo beside it."""
    for name, texts in captions.items():
        text = "\n".join(texts) if kind == "txt" else json.dumps(texts)
        (folder / "photos" / name).with_suffix(f".{kind}").write_text(text)


def write_coco(folder: Path, captions: Captions) -> None:
    """Write the captions as COCO's file."""
    images = [{"id": number, "file_name": name} for number, name in enumerate(captions)]
    annotations = [
        {"id": 10 * number + k, "image_id": number, "caption": text}
        for number, texts in enumerate(captions.values())
        for k, text in enumerate(texts)
    ]
    (folder / "captions_mine.json").write_text(json.dumps({"images": images, "annotations": annotations}))


def write_cc(folder: Path, captions: Captions) -> None:
    """Write a TSV of Conceptual Captions, with photos named as downloads are."""
    lines = []
    for number, (name, texts) in enumerate(captions.items()):
        (folder / "photos" / name).rename(folder / "photos" / f"{number:08}.jpg")
        lines.append(f"{texts[0]}\thttp://photos.test/{name}\n")
    (folder / "mine.tsv").write_text("".join(lines))


def write_tars(folder: Path, captions: Captions) -> None:
    """Write the photos and captions as WebDataset, the photos beside it taken away."""
    with tarfile.open(folder / "00000.tar", "w") as tar:
        for name, texts in captions.items():
            tar.add(folder / "photos" / name, name)
            content = texts[0].encode()
            member = tarfile.TarInfo(f"{name.rpartition('.')[0]}.txt")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    shutil.rmtree(folder / "photos")


def write_frame(folder: Path, captions: Captions, kind: str) -> None:
    """Write JSON Lines, or parquet with a caption a row or a list of them."""
    rows = [{"filepath": f"photos/{name}", "text": texts} for name, texts in captions.items()]
    frame = pd.DataFrame(rows)
    if kind == "jsonl":
        frame.to_json(folder / "mine.jsonl", orient="records", lines=True)
    else:
        (frame.explode("text") if kind == "one" else frame).to_parquet(folder / "mine.parquet")


# By name: how it is written, and what `--photos` names in its folder.
FORMS: dict[str, tuple[Callable[[Path, Captions], None], str]] = {
    "folder+txt": (lambda f, c: write_beside(f, c, "txt"), "photos"),
    "folder+json": (lambda f, c: write_beside(f, c, "json"), "photos"),
    "csv": (lambda f, c: write_rows(f / "mine.csv", c), "mine.csv"),
    "csv mark": (lambda f, c: write_rows(f / "mine.csv", c, encoding="utf-8-sig"), "mine.csv"),
    "csv no head": (lambda f, c: write_rows(f / "mine.csv", c, head=None), "mine.csv"),
    "csv ;": (lambda f, c: write_rows(f / "mine.csv", c, ";", ("File", "Title")), "mine.csv"),
    "csv ; mark": (lambda f, c: write_rows(f / "mine.csv", c, ";", encoding="utf-8-sig"), "mine.csv"),
    "csv tab": (lambda f, c: write_rows(f / "mine.csv", c, "\t", ("image", "caption")), "mine.csv"),
    "tsv": (lambda f, c: write_rows(f / "mine.tsv", c, "\t", ("file_name", "text")), "mine.tsv"),
    "tsv no head": (lambda f, c: write_rows(f / "mine.tsv", c, "\t", None), "mine.tsv"),
    "jsonl": (lambda f, c: write_frame(f, c, "jsonl"), "mine.jsonl"),
    "parquet one": (lambda f, c: write_frame(f, c, "one"), "mine.parquet"),
    "parquet list": (lambda f, c: write_frame(f, c, "list"), "mine.parquet"),
    "coco": (write_coco, "captions_mine.json"),
    "cc tsv": (write_cc, "mine.tsv"),
    "webdataset": (write_tars, "."),
}


def run_form(name: str, data: Path, folder: Path) -> dict:
    """Write a form into a new folder, run it whole, and return `minutes pairs photos run said`."""
    write, photos = FORMS[name]
    captions = choose_photos(data)
    home = folder / name.replace(";", "semicolon")  # names with a space stay
    (home / "photos").mkdir(parents=True)
    for file in captions:
        shutil.copy(data / "coco_sample/images" / file, home / "photos")
    write(home, captions)
    run, started = home / "run", time.monotonic()
    overlay = {
        "masks": {"weights": str(data / "models/yolo11n-seg.pt")},
        # No second family of real weights is here: a judge of the same one errs alike.
        "quality": {
            "judge": str(data / "models/yolo11n-seg.pt"),
            "judge_image_size": 512,
            "controls": 0,  # half of the time; test_real_photos has them
            "thresholds": {"max_residual": 0.25},
        },
        "train": {"clip": None},
        "runtime": {"allow_toy": True},
    }
    home.joinpath("weights.yaml").write_text(yaml.safe_dump(overlay))
    log = home / "log.txt"
    status = _fork(log, lambda: _call_new(run, home / photos))
    if status == 0:
        files = [str(run / "config.yaml"), str(home / "weights.yaml")]
        status = _fork(log, lambda: _call_run(["--directory", str(run), "--configfile", *files]))
    assert status == 0, f"{name}: {log.read_text()[-3000:]}"
    table = run / "results/quality/pairs.parquet"
    return {
        "minutes": (time.monotonic() - started) / 60,
        "photos": len(pd.read_parquet(run / "results/samples/samples.parquet")),
        "pairs": len(pd.read_parquet(table)),
        "run": run,
        "said": log.read_text(),
    }


def _call_new(run: Path, photos: Path) -> int:
    from unscene.cli.command import main

    return main(["new", str(run), "--photos", str(photos)])


def _call_run(arguments: list[str]) -> int:
    import in_process_run

    os.chdir(CHECKOUT)
    try:
        in_process_run.main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _fork(log: Path, call: Callable[[], int]) -> int:
    """Return the status of a call in a process of its own, what it says added to a log."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
        os._exit(call())
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(70)


def import_libraries() -> None:
    """Import what every run needs, before the forks."""
    import cv2
    import torch
    import ultralytics  # noqa: F401

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def main(arguments: list[str]) -> None:
    """Run the forms that are named, or all, and print a line each."""
    data, folder, *names = arguments
    import_libraries()
    for name in names or FORMS:
        found = run_form(name, Path(data).resolve(), Path(folder).resolve())
        report = (found["run"] / "results/report.html").stat().st_size / 1e6
        told = f"{found['minutes']:5.1f} minutes, {found['photos']} photos, {found['pairs']} pairs"
        print(f"{name:14}{told}, report of {report:.1f} MB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
