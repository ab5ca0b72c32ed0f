"""Draw accepted and rejected edits as rows of before, mask outline and after, with the reason beside them."""

import hashlib
import logging
import re
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.photos.images import PhotoError, read_mask, read_photo, write_png
from unscene.quality.columns import PAIRS
from unscene.quality.columns import REJECTED as REJECTED_EDITS
from unscene.quality.scores import SCORES
from unscene.run.folders import replaced_folder

ROWS, ROWS_OF_REASON = 12, 24  # of a kind at most, on the sheet and on that of a reason
MOST_REASONS = 3  # in a heading
TILE = 400  # pixels of a picture's side
TEXT_WIDTH = 420
GAP = 6
WIDTH = 3 * (TILE + GAP) + TEXT_WIDTH
# A page shows the sheet at two thirds of its size.
FONT, LINE, LETTERS = 19, 24, 40
HEADINGS = ("the photo", "outlined: what is removed", "without it")
SHOWN = [score.name for score in SCORES.values() if score.thresholds]  # of accepted edits
INK, PAPER, OUTLINE = (25, 25, 25), (255, 255, 255), (255, 0, 200)
ACCEPTED, REJECTED = (20, 120, 50), (170, 35, 35)


def draw_contact_sheet(job: Job) -> None:
    """Write the contact sheet as PNG, up to 12 accepted pairs above up to 12 rejected edits, and a
    folder with a sheet a reason.

    In the folder, `accepted.png` and `{reason}.png` show up to 24 edits each, that have the reason
    first, by categories in turn. Accepted ones take turns over the categories, rejected ones over
    the reasons; among equals the hash of the edit_id decides, so the same tables give the same
    sheet. Rejected edits without a picture (no mask, failed) are only counted.
    """
    pair = PAIRS.read(
        job.inputs.pairs,
        ["edit_id", "category", "original_path", "edited_path", "mask_path", "caption_negated", *SHOWN],
    )
    rejected = REJECTED_EDITS.read(
        job.inputs.rejected,
        ["edit_id", "category", "reason", "detail", "original_path", "edited_path", "mask_path"],
    )
    attempt = EDITS.read(job.inputs.edits, ["edit_id", "attempt", "status"])
    attempt = attempt.loc[attempt["status"] == "ok"].set_index("edit_id")["attempt"]
    drawable = rejected[rejected["edit_id"].isin(attempt.index) & rejected["original_path"].notna()]
    blocks = [
        (f"accepted: {len(pair)}", ACCEPTED, choose_rows(pair, "category", ROWS)),
        (tell_rejected(rejected, drawable), REJECTED, choose_rows(drawable, "reason", ROWS)),
    ]
    write_png(draw_blocks(blocks, attempt), job.outputs.sheet)
    with replaced_folder(job.outputs.folder) as folder:
        all_accepted = (*blocks[0][:2], choose_rows(pair, "category", ROWS_OF_REASON))
        write_png(draw_blocks([all_accepted], attempt), folder / "accepted.png")
        for reason, part in drawable.groupby("reason", sort=True):
            block = (f"{reason}: {len(part)}", REJECTED, choose_rows(part, "category", ROWS_OF_REASON))
            write_png(draw_blocks([block], attempt), folder / f"{name_file(reason)}.png")
    logging.getLogger("unscene").info(
        "%d accepted and %d rejected edits drawn, %d reasons",
        len(blocks[0][2]),
        len(blocks[1][2]),
        drawable["reason"].nunique(),
    )


def draw_blocks(blocks: list[tuple], attempt: pd.Series) -> np.ndarray:
    """Return blocks of (title, colour, chosen edits) below each other as pixels; of a block without
    edits the title alone.
    """
    strips = []
    for title, colour, chosen in blocks:
        strips.append(draw_title(title, colour))
        if chosen.empty:
            continue
        strips.append(draw_headings("reason" if "reason" in chosen else "caption and scores"))
        strips += [draw_row(row, attempt.get(row["edit_id"])) for row in chosen.to_dict("records")]
    return np.concatenate(strips, axis=0)


def tell_rejected(rejected: pd.DataFrame, drawable: pd.DataFrame) -> str:
    """Return the heading of the rejected edits: how many there are, and why some are not drawn."""
    told = f"rejected: {len(rejected)}"
    hidden = rejected.loc[~rejected["edit_id"].isin(drawable["edit_id"]), "reason"].value_counts()
    if hidden.empty:
        return told
    reasons = ", ".join(f"{reason} {number}" for reason, number in hidden.head(MOST_REASONS).items())
    more = ", ..." if len(hidden) > MOST_REASONS else ""
    return f"{told}; without a picture, as no edit was made: {hidden.sum()} ({reasons}{more})"


def name_file(reason: str) -> str:
    """Return a reason as a file's name: "quality: max_seam" becomes "quality-max_seam"."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", reason).strip("-") or "other"


def choose_rows(frame: pd.DataFrame, turns: str, count: int) -> pd.DataFrame:
    """Return up to `count` rows that take turns over the values of the column `turns`, in an order
    made of hashes.
    """
    key = frame["edit_id"].map(lambda name: hashlib.sha256(name.encode()).hexdigest())
    frame = frame.assign(_key=key).sort_values("_key", kind="stable")
    frame["_turn"] = frame.groupby(turns).cumcount()
    return frame.sort_values(["_turn", turns, "_key"], kind="stable").head(count)


def draw_row(row: dict, attempt: float | None) -> np.ndarray:
    """Return one edit as pixels: three pictures and a text; an unreadable file is said in place of
    the pictures.
    """
    canvas = Image.new("RGB", (WIDTH, TILE + GAP), PAPER)
    lines = [row["edit_id"], f"without {row['category']}"]
    if not row.get("reason"):
        lines += ["", row["caption_negated"], "", *list_values(row)]
    try:
        original = np.asarray(read_photo(row["original_path"]))
        edited = np.asarray(read_photo(row["edited_path"]))
        mask = read_mask(row["mask_path"])
        for position, picture in enumerate((original, outline(original, mask), edited)):
            canvas.paste(
                picture if isinstance(picture, Image.Image) else fit(picture), (position * (TILE + GAP), 0)
            )
    except (PhotoError, OSError) as error:
        lines.append(f"unreadable: {Path(str(error)).name}")
    if attempt is not None and attempt > 1:
        lines.append(f"attempt {int(attempt)}")
    draw = ImageDraw.Draw(canvas)
    written = write_lines(draw, lines, INK)
    if row.get("reason"):
        write_lines(draw, [str(row.get("detail") or row["reason"])], REJECTED, below=written)
    return np.asarray(canvas)


def list_values(row: dict) -> list[str]:
    """Return a line for each score of an accepted edit that has a value."""
    return [f"{name.replace('_', ' ')} {row[name]:.3g}" for name in SHOWN if pd.notna(row[name])]


def write_lines(draw: ImageDraw.ImageDraw, lines: list[str], colour: tuple, below: int = 0) -> int:
    """Write lines, wrapped, right of the pictures, the first one `below` lines under the top;
    return how many they became.
    """
    wrapped = [part for line in lines for part in textwrap.wrap(line, LETTERS) or [""]]
    for position, line in enumerate(wrapped[: TILE // LINE - below]):
        draw.text(
            (WIDTH - TEXT_WIDTH + 8, 2 + (below + position) * LINE),
            line,
            fill=colour,
            font=ImageFont.load_default(FONT),
        )
    return len(wrapped)


def fit(pixels: np.ndarray) -> Image.Image:
    """Return a picture in a TILE x TILE square: a tiny one enlarged by whole pixels, a large one
    made smaller.
    """
    image = Image.fromarray(pixels)
    scale = TILE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS)
    square = Image.new("RGB", (TILE, TILE), (235, 235, 235))
    square.paste(image, ((TILE - image.width) // 2, (TILE - image.height) // 2))
    return square


def outline(original: np.ndarray, mask: np.ndarray) -> Image.Image:
    """Return the photo in its tile with the mask's outline drawn at the tile's own resolution."""
    tile = np.asarray(fit(original)).copy()
    area = np.asarray(fit(np.repeat(mask[..., None].astype(np.uint8) * 255, 3, axis=2)))[..., 0]
    inside = ((area > 127) & (area != 235)).astype(np.uint8)  # 235 is the margin of the tile
    tile[(cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0)] = OUTLINE
    return Image.fromarray(tile)


def draw_title(text: str, colour: tuple) -> np.ndarray:
    """Return a heading as pixels over the sheet's full width."""
    canvas = Image.new("RGB", (WIDTH, 44), PAPER)
    ImageDraw.Draw(canvas).text((4, 8), text, fill=colour, font=ImageFont.load_default(26))
    return np.asarray(canvas)


def draw_headings(of_text: str) -> np.ndarray:
    """Return what each column shows, as pixels over the sheet's full width."""
    canvas = Image.new("RGB", (WIDTH, LINE + 8), PAPER)
    for position, text in enumerate((*HEADINGS, of_text)):
        at = (position * (TILE + GAP) + 8, 2)
        ImageDraw.Draw(canvas).text(at, text, fill=INK, font=ImageFont.load_default(FONT))
    return np.asarray(canvas)
