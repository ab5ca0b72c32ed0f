"""The jobs of the text stages, on files of one folder: samples.parquet -> req.jsonl -> raw.jsonl
and followups.jsonl -> table.parquet.
"""

from pathlib import Path

import pandas as pd

from unscene.captions.answering import answer_captions
from unscene.captions.parsing import parse_captions
from unscene.captions.requests import build_caption_requests
from unscene.keywords.answering import answer_keywords
from unscene.keywords.parsing import parse_keywords
from unscene.keywords.requests import build_keyword_requests
from unscene.machine.job import Job
from unscene.run.tables import write_table

CAPTION_SETTINGS = {"seed": 7, "captions": {"held_out_share": 0.25, "backend": "template"}}


def write_wanted(
    folder: Path, rows: list[tuple], taken: tuple[str, ...] = (), staying: tuple[str, ...] = ()
) -> None:
    """Write masks.parquet: rows of (edit_id, image_id, category, status, caption_position), each with
    these other words that its mask takes along, and these that stay.
    """
    columns = ["edit_id", "image_id", "category", "status", "caption_position"]
    mask = pd.DataFrame(rows, columns=columns)
    mask["taken"], mask["staying"] = [list(taken)] * len(mask), [list(staying)] * len(mask)
    write_table(mask, folder / "masks.parquet")


def build_keywords(
    samples: Path,
    requests: Path,
    size: int | str = 2,
    model: str = "gpt-4o",
    chosen: Path | None = None,
    words: str = "coco80",
) -> None:
    """Build the keyword requests of a shard, for a model that is paid."""
    settings = {
        "words": words,
        "keywords": {"captions_per_prompt": size, "backend": "openai"},
        "api": {"model": model},
    }
    inputs = {"samples": samples, "chosen": [chosen] if chosen else []}
    build_keyword_requests(Job(inputs, {"requests": requests}, settings))


def answer_stage(folder: Path, stage: str, backend: str, words: str = "coco80") -> None:
    """Answer the requests of a folder; paid answers are those of the ledger of OpenAI below the
    current folder.
    """
    outputs = {"answers": folder / "raw.jsonl", "followups": folder / "followups.jsonl"}
    job = Job(
        {"requests": folder / "req.jsonl"},
        outputs,
        {"words": words, stage: {"backend": backend}},
        config={"api": {"base_url": None}},
    )
    {"keywords": answer_keywords, "captions": answer_captions}[stage](job)


def parse_keyword_answers(folder: Path, share: float = 0.5, words: str = "coco80") -> Path:
    """Write the table of the keywords; return its path."""
    parse_keywords(_parsing(folder, [], {"words": words}, share))
    return folder / "table.parquet"


def build_captions(
    folder: Path, words: str = "coco80", backend: str = "template", choose: str | None = None
) -> None:
    """Build the caption requests of a shard, for the offline grammar or a model that is paid."""
    inputs = {name: folder / f"{name}.parquet" for name in ("samples", "keywords", "masks")}
    settings = CAPTION_SETTINGS | {"words": words, "api": {"model": "gpt-4o"}}
    settings["captions"] = settings["captions"] | {"backend": backend} | _choose(choose)
    build_caption_requests(Job(inputs, {"requests": folder / "req.jsonl"}, settings))


def parse_caption_answers(
    folder: Path, share: float = 0.5, words: str = "coco80", choose: str | None = None
) -> Path:
    """Write the table of the captions; return its path."""
    settings = CAPTION_SETTINGS | {"words": words}
    settings["captions"] = settings["captions"] | _choose(choose)
    parse_captions(_parsing(folder, ["keywords", "masks"], settings, share))
    return folder / "table.parquet"


def _choose(choose: str | None) -> dict:
    """Return the setting as the rules give it: not at all for the first caption, or where a model is paid."""
    return {"choose": choose} if choose else {}


def _parsing(folder: Path, tables: list[str], settings: dict, share: float) -> Job:
    inputs = {name: folder / f"{name}.parquet" for name in ("samples", *tables)}
    inputs |= {
        "requests": folder / "req.jsonl",
        "followups": folder / "followups.jsonl",
        "answers": folder / "raw.jsonl",
    }
    return Job(inputs, {"table": folder / "table.parquet"}, settings, {"max_failed_share": share})
