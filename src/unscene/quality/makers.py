"""What measures scores, one entry each: pixels, tables, and models with how they are loaded and asked.

Importing this loads no model library.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unscene.machine.job import Job


@dataclass(frozen=True)
class Maker:
    """What measures scores, and the model that it needs.

    needs: the config key of the model's path; empty when pixels are enough. absent: what
    `{score}_reason` says when the config names no model. licence: of the models that are commonly
    given. load: returns the model of a job, None when the config names none. measure: adds its
    scores to the `values` of a batch of (row, views, values).
    """

    name: str
    doc: str
    needs: str = ""
    absent: str = ""
    licence: str = ""
    load: "Callable[[Job], Any] | None" = None
    measure: "Callable[[list[tuple], Any], None] | None" = None


def _load_judge(job: "Job") -> Any:
    from unscene.quality.edit_scores import load_judge

    guard = job.look_up("quality.judge_sha256")
    return load_judge(job.find("quality.judge"), job.settings["quality"], job.device, job.runtime, guard)


def _load_clip(job: "Job") -> Any:
    from unscene.quality.edit_scores import load_clip_scorer

    runtime = job.runtime
    return load_clip_scorer(job.find("train.clip"), job.device, runtime["batch_size"], runtime["compile"])


def _load_dino(job: "Job") -> Any:
    from unscene.quality.edit_scores import load_dino

    return load_dino(job.find("quality.dino"), job.device, job.runtime["batch_size"])


def _ask_judge(usable: list[tuple], model: Any) -> None:
    from unscene.quality.edit_scores import ask_judge

    ask_judge(usable, model)


def _ask_clip(usable: list[tuple], model: Any) -> None:
    from unscene.quality.edit_scores import ask_clip

    ask_clip(usable, model)


def _ask_dino(usable: list[tuple], model: Any) -> None:
    from unscene.quality.edit_scores import ask_dino

    ask_dino(usable, model)


_ENTRIES = (
    Maker("file", "the edited photo as a file"),
    Maker("pixels", "pixels of original, edit and mask"),
    Maker("masks", "what the segmenter saw on the photo, as the table of masks has it"),
    Maker("instances", "what the photo's source says of its objects"),
    Maker(
        "judge",
        "a second detector, on original and edit",
        "quality.judge",
        "no judge (quality.judge is null)",
        "AGPL-3.0 (ultralytics YOLO), Apache-2.0 (DETR family)",
        _load_judge,
        _ask_judge,
    ),
    Maker(
        "clip",
        "CLIP, on the object's box",
        "train.clip",
        "no CLIP (train.clip)",
        "that of its weights",
        _load_clip,
        _ask_clip,
    ),
    Maker(
        "dino",
        "DINOv2's patch features",
        "quality.dino",
        "no DINOv2 (quality.dino is null)",
        "Apache-2.0",
        _load_dino,
        _ask_dino,
    ),
)
MAKERS: dict[str, Maker] = {maker.name: maker for maker in _ENTRIES}
