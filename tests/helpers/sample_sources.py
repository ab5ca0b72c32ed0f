"""Small sources of photos in several formats, and one shard of them read, or several joined."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from unscene.machine.job import Job
from unscene.run.shard_names import list_shards
from unscene.samples import reading
from unscene.samples.columns import REJECTED, SAMPLES, SHARD_REJECTED, SHARD_SAMPLES
from unscene.samples.joining import join_samples
from unscene.samples.reading import read_samples

LIMITS = {"shard_size": 100, "captions_per_photo": 0, "min_side": 32, "max_pixels": 100_000_000}
LICENCE_COLUMNS = ["license", "license_url", "author_url", "source_url"]


def make_photo(seed: int = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Return a photo of random colours, smooth enough for JPEG."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )


def encode(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    """Return the bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write_table_source(
    folder: Path, rows: list[tuple], name: str = "photos.csv", columns=("path", "caption")
) -> dict:
    """Write a table by the ending of its name; return its source."""
    frame = pd.DataFrame(rows, columns=list(columns))
    path = folder / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if name.endswith(".tsv") else ",")
    return {"name": "own", "format": "table", "photos": 100, "table": name}


def write_coco(folder: Path, images: list[dict], annotations: list[dict]) -> dict:
    """Write a captions file and an empty folder of images; return their source."""
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    (folder / "images").mkdir(exist_ok=True)
    return {"name": "coco", "format": "coco", "photos": 10, "captions": "captions.json", "images": "images"}


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    """Write {name: content} as a tar."""
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def write_tars(folder: Path, per_tar: int = 3) -> dict:
    """Write two tars as img2dataset does; item 1 is CMYK, item 2 broken, item 4 has its caption in
    the JSON alone.
    """
    (folder / "tars").mkdir()
    for shard in range(2):
        files = {}
        for number in range(per_tar):
            item = shard * per_tar + number
            photo = make_photo(item)
            content = encode(photo.convert("CMYK") if item == 1 else photo)
            key = f"{shard:05d}{number:04d}"
            files[f"{key}.jpg"] = content[:200] if item == 2 else content
            files[f"{key}.json"] = json.dumps({"url": f"http://w/{item}", "caption": f"json {item}"}).encode()
            if item != 4:
                files[f"{key}.txt"] = f"text {item}".encode()
        write_tar(folder / "tars" / f"{shard:05d}.tar", files)
        (folder / "tars" / f"{shard:05d}.parquet").write_bytes(b"ignored")
    return {"name": "web", "format": "webdataset", "photos": 6, "tars": "tars"}


def read_shard(tmp_path, monkeypatch, source, shard=None, max_failed_share=1.0, **limits):
    """Read one shard in `tmp_path` as run directory and checkout; return (samples, rejected)."""
    monkeypatch.chdir(tmp_path)
    limits = {**LIMITS, **limits}
    shard = shard or list_shards(source, limits["shard_size"])[0]
    monkeypatch.setattr(reading, "CHECKOUT", tmp_path)
    stem = f"results/samples/{shard}"
    job = Job(
        outputs={"table": f"{stem}.parquet", "folder": stem, "rejected": f"{stem}.rejected.parquet"},
        settings={"samples": limits},
        runtime={"workers": 2, "max_failed_share": max_failed_share},
        wildcards={"shard": shard},
        config={"samples": {"sources": [source]}},
    )
    read_samples(job)
    return SHARD_SAMPLES.read(job.outputs.table), SHARD_REJECTED.read(job.outputs.rejected)


def join_parts(parts: list[str], distance: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join the parts (paths without suffix); return (samples, rejected)."""
    inputs = {"tables": [f"{part}.parquet" for part in parts]}
    inputs["rejected"] = [f"{part}.rejected.parquet" for part in parts]
    outputs = {"samples": "samples.parquet", "rejected": "rejected.parquet"}
    join_samples(Job(inputs, outputs, {"samples": {"duplicate_hash_distance": distance}}))
    return SAMPLES.read("samples.parquet"), REJECTED.read("rejected.parquet")


def read_licences(frame):
    """Return {source_key: what a table tells of the licence}."""
    told = frame.set_index("source_key")[LICENCE_COLUMNS].astype(object)
    return {
        key: tuple(row)
        for key, row in zip(told.index, told.where(told.notna(), None).to_numpy(), strict=True)
    }
