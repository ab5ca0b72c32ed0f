"""The newest edits of a run that is under way, to be looked at: photo, outline of the mask, edit.

Nothing is selected yet, so the sheet also shows edits that will be rejected.
"""

from pathlib import Path

from unscene.edits.columns import EDITS
from unscene.photos.images import write_png
from unscene.report.contact_sheet import ACCEPTED, SHOWN, choose_rows, draw_blocks
from unscene.run.counts import tell_count
from unscene.samples.columns import SHARD_SAMPLES


def draw_newest_edits(run: Path, shard: str, sheet: Path, count: int = 6) -> int:
    """Write up to `count` edits of a shard as a PNG, by categories in turn; return how many there are.

    run: the run's directory, on which paths in its tables are based.
    """
    columns = ["edit_id", "image_id", "category", "image_path", "mask_path", "attempt", "status"]
    edit = EDITS.read(run / f"results/edits/{shard}.parquet", columns)
    edit = edit[edit["status"] == "ok"]
    photos = SHARD_SAMPLES.read(run / f"results/samples/{shard}.parquet", ["image_id", "path"])
    chosen = choose_rows(edit.merge(photos, on="image_id"), "category", count)
    rows = chosen.assign(
        original_path=[run / path for path in chosen["path"]],
        edited_path=[run / path for path in chosen["image_path"]],
        mask_path=[run / path for path in chosen["mask_path"]],
        caption_negated="",
        **dict.fromkeys(SHOWN),
    )
    title = f"{shard}: {tell_count(len(edit), 'edit')}, before the selection"
    write_png(draw_blocks([(title, ACCEPTED, rows)], edit.set_index("edit_id")["attempt"]), sheet)
    return len(edit)
