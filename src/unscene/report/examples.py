"""Example edits, chosen by hash and not by eye, as small pictures inside the page."""

import base64
import io
from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
import pandas as pd
from PIL import Image

from unscene.photos.images import PhotoError, read_mask, read_photo
from unscene.report.numbers import is_null
from unscene.report.run import Run
from unscene.run.seeds import derive_seed
from unscene.run.shards import check_file

THUMBNAIL_PX = 256
# Photos up to this side stay lossless and are drawn with hard pixels; larger ones become JPEG.
LOSSLESS_PX = 128
MAX_BYTES = 4_000_000
MASK_COLOUR = (224, 86, 36)


def describe_examples(run: Run) -> dict:
    """Return what the section's template names."""
    return {"examples": choose_examples(run, run.settings["seed"], run.settings["report"]["examples"])}


def choose_examples(run: Run, seed: int, number: int) -> dict[str, list[dict]]:
    """Return up to `number` accepted and as many refused edits with their three pictures.

    Accepted ones take turns over the categories, refused ones over the reasons; within each the
    order is that of a hash of (seed, edit_id). Together the pictures take at most MAX_BYTES; what
    does not fit is left out.
    """
    files = run.edits[run.edits["status"] == "ok"].merge(
        run.masks[["edit_id", "category", "mask_path"]], on="edit_id", suffixes=("", "_of_mask")
    )
    files = files.drop(columns=[c for c in ("category_of_mask", "mask_path_of_mask") if c in files])
    captions = run.captions[["edit_id", "caption_original", "caption_without", "caption_negated"]]
    files = files.merge(captions, on="edit_id", how="left")
    files = files.merge(run.samples[["image_id", "path"]], on="image_id", how="left")
    accepted = files[files["edit_id"].isin(run.pairs["edit_id"])]
    refused = files.merge(
        run.rejected_edits[["edit_id", "reason", "detail"]].rename(columns={"reason": "refused"}),
        on="edit_id",
    )
    chosen = {
        "accepted": [row | {"refused": None} for row in _take_turns(accepted, "category", seed)][:number],
        "refused": list(_take_turns(refused, "refused", seed))[:number],
    }
    shown: dict[str, list[dict]] = {"accepted": [], "refused": []}
    used = 0
    # Both kinds get their share of the bytes: one accepted, one refused, and so on.
    for pair in zip_longest(chosen["accepted"], chosen["refused"]):
        for kind, row in zip(("accepted", "refused"), pair, strict=True):
            if row is None or used >= MAX_BYTES:
                continue
            example = _describe(row)
            used += sum(len(picture["uri"] or "") for picture in example["pictures"])
            shown[kind].append(example)
    return shown


def _take_turns(frame: pd.DataFrame, column: str, seed: int) -> Iterator[dict]:
    """Yield rows so that the values of a column take turns."""
    queues: dict[str, list[dict]] = {}
    for row in sorted(frame.to_dict("records"), key=lambda row: derive_seed(seed, "report", row["edit_id"])):
        queues.setdefault(str(row[column]), []).append(row)
    for turn in zip_longest(*(queues[key] for key in sorted(queues))):
        yield from (row for row in turn if row is not None)


def _describe(row: dict) -> dict:
    category = row["category"]
    return {
        "edit_id": row["edit_id"],
        "category": category,
        "reason": row["refused"] if is_null(row.get("detail")) else row["detail"],  # with value and limit
        "captions": {
            kind: None if is_null(row[f"caption_{kind}"]) else row[f"caption_{kind}"]
            for kind in ("original", "without", "negated")
        },
        "pictures": _draw(row),
        "alt": {
            "before": f"Photo before the edit, with the {category}",
            "mask": f"The same photo in gray, the mask of the {category} in orange",
            "after": f"The photo after the {category} was removed",
        },
    }


def _draw(row: dict) -> list[dict]:
    """Return before, mask and after as `{kind, uri, width, height, lossless, problem}`; a bad photo
    says what is wrong.
    """
    try:
        if not is_null(row.get("edited_sha256")):
            check_file(row["image_path"], row["edited_sha256"])
        before = read_photo(row["path"])
        after = read_photo(row["image_path"])
        overlay = _draw_mask(before, read_mask(row["mask_path"]))
    except (PhotoError, FileNotFoundError, TypeError) as error:
        return [{"kind": kind, "uri": None, "problem": str(error)} for kind in ("before", "mask", "after")]
    images = {"before": before, "mask": overlay, "after": after}
    return [{"kind": kind, "problem": None, **make_thumbnail(image)} for kind, image in images.items()]


def _draw_mask(photo: Image.Image, mask: np.ndarray) -> Image.Image:
    """Return the photo in pale gray with the mask (height, width) in colour."""
    gray = np.asarray(photo.convert("L"), dtype=np.float64)
    pixels = np.repeat((0.55 * gray + 0.4 * 255)[..., None], 3, axis=2)
    if mask.shape == gray.shape:
        pixels[mask] = 0.35 * pixels[mask] + 0.65 * np.array(MASK_COLOUR)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def make_thumbnail(image: Image.Image) -> dict:
    """Return an image of at most THUMBNAIL_PX a side as a data URI: PNG when it is tiny, else JPEG."""
    image = image.copy()
    lossless = max(image.size) <= LOSSLESS_PX
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if lossless:
        image.save(buffer, "PNG", compress_level=9)
    else:
        image.save(buffer, "JPEG", quality=82, optimize=True)
    kind = "png" if lossless else "jpeg"
    uri = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"uri": uri, "width": image.width, "height": image.height, "lossless": lossless}
