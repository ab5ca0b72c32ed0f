"""What the report reads and shows: an entry a file, and an entry a section of the page. All else is
computed from these.

A figure from a new table takes an entry in FILES, one in SECTIONS, a function that returns the
values that the template `resources/templates/{name}.html.j2` names, and that template. The workflow
reads this module when it is parsed, so what draws or computes is imported by the functions that
call it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unscene.batchsize.columns import ACCURACY
from unscene.captions.columns import CAPTIONS
from unscene.edits.columns import EDITS
from unscene.evaluation.columns.agreement import AGREEMENT
from unscene.evaluation.columns.pairs import ITEMS
from unscene.evaluation.columns.photos import CLASSES
from unscene.evaluation.columns.sweeps import SWEEPS
from unscene.folds.columns import FOLDS
from unscene.keywords.columns import KEYWORDS
from unscene.masks.columns import MASKS
from unscene.quality.columns import CONTROL_SCORES, EDIT_SCORES, PAIRS
from unscene.quality.columns import REJECTED as REJECTED_EDITS
from unscene.report import findings
from unscene.run.configuration import is_trained, trains, wants_study
from unscene.run.tables import Table
from unscene.samples.columns import REJECTED, SAMPLES

if TYPE_CHECKING:
    from unscene.report.run import Run

TEMPLATES = "src/unscene/resources/templates"
# The page around the sections, and what their templates share.
PAGE, MACROS = "report.html.j2", "macros.html.j2"


def always(config: dict) -> bool:
    """Tell that every run has a file, or something to show in a section."""
    return True


def has_trained_arm(config: dict) -> bool:
    """Tell whether any arm is trained, so that there are weights between untuned and tuned ones."""
    return any(is_trained(arm) for arm in config["train"]["arms"].values())


def is_swept(config: dict) -> bool:
    """Tell whether the weights between untuned and tuned models are tested."""
    return bool(config["evaluate"]["alphas"]) and has_trained_arm(config)


def leaves_classes_out(config: dict) -> bool:
    """Tell whether an arm is also trained without the removals of some categories."""
    return trains(config) and bool(config["train"]["class_folds"])


def trains_main_arm(config: dict) -> bool:
    """Tell whether the main arm is trained, so that there is something to show after tuning."""
    return is_trained(config["train"]["arms"].get(config["deploy"]["arm"], {}))


def has_controls(config: dict) -> bool:
    """Tell whether edits with a known answer are made."""
    return bool(config["quality"]["controls"])


def has_labels(config: dict) -> bool:
    """Tell whether people judged edits."""
    return bool(config["quality"]["labels"])


def has_readers(values: dict) -> bool:
    """Tell whether any reader of captions was held against another one."""
    return bool(values["agreement"]["overall"])


def find_nothing(values: dict) -> list[str]:
    """Return no sentence: the section's figures need none above them."""
    return []


@dataclass(frozen=True)
class File:
    """A file that the report reads, once: parquet, CSV or JSON; of another kind the path alone is handed on.

    path: below results/. table: its declaration, where a stage has one. columns: those that the
    report reads; all of a declared table without them. when: tells of a config whether the run has
    the file.
    """

    path: str
    table: Table | None = None
    columns: tuple[str, ...] = ()
    when: Callable[[dict], bool] = always


@dataclass(frozen=True)
class Section:
    """A section of the page.

    name: its anchor and its template. link: its word in the contents. files: names of FILES; the
    section is shown in the runs that have all of them. describe: returns the values that the
    template names. may: files that it shows where a run has them. find: returns of these values
    what the section found, in sentences that stand above its figures. has: tells of these values
    whether there is anything to show.
    """

    name: str
    link: str
    files: tuple[str, ...]
    describe: Callable[[Run], dict]
    may: tuple[str, ...] = ()
    find: Callable[[dict], list[str]] = find_nothing
    has: Callable[[dict], bool] = always

    @property
    def template(self) -> str:
        """The file name of the template."""
        return f"{self.name}.html.j2"


FILES = {
    "samples": File("samples/samples.parquet", SAMPLES, ("image_id", "path", "group", "shard")),
    "rejected_samples": File("samples/rejected.parquet", REJECTED, ("source", "reason")),
    "keywords": File(
        "keywords/keywords.parquet", KEYWORDS, ("image_id", "caption_id", "words", "status", "obstacle")
    ),
    "cost": File("keywords/cost.json"),
    "agreement": File("keywords/agreement.parquet", AGREEMENT),
    "accuracy": File("batchsize/accuracy.parquet", ACCURACY, when=wants_study),
    "chosen": File("batchsize/chosen.json", when=wants_study),
    "study_figure": File("batchsize/figure.svg", when=wants_study),
    "masks": File(
        "masks/masks.parquet",
        MASKS,
        ("edit_id", "image_id", "category", "mask_path", "area_fraction", "status", "reason"),
    ),
    "edits": File(
        "edits/edits.parquet",
        EDITS,
        (
            "edit_id",
            "image_id",
            "image_path",
            "edited_sha256",
            "model",
            "batch_shape",
            "seconds",
            "status",
            "reason",
        ),
    ),
    "captions": File(
        "captions/captions.parquet",
        CAPTIONS,
        ("edit_id", "caption_original", "caption_without", "caption_negated", "source", "status"),
    ),
    "scores": File("quality/scores.parquet", EDIT_SCORES),
    "control_scores": File("quality/control_scores.parquet", CONTROL_SCORES, when=has_controls),
    "calibration": File("quality/calibration.json", when=has_controls),
    "certificate": File("quality/certificate.json", when=has_labels),
    "pairs": File(
        "quality/pairs.parquet", PAIRS, ("edit_id", "category", "group", "original_path", "edited_path")
    ),
    "rejected_edits": File(
        "quality/rejected.parquet", REJECTED_EDITS, ("edit_id", "reason", "detail", "all_reasons")
    ),
    "folds": File("folds/folds.parquet", FOLDS),
    "tested": File(
        "metrics/items.parquet",
        ITEMS,
        ("arm", "fold", "seed", "edit_id", "text_score", "image_score", "group_score"),
        when=trains,
    ),
    "classes": File("metrics/classes.parquet", CLASSES, when=trains),
    "summary": File(
        "metrics/summary.csv", columns=("arm", "metric", "mean", "low", "high", "n"), when=trains
    ),
    "comparison": File(
        "metrics/comparison.csv",
        columns=("contrast", "metric", "difference", "low", "high", "p", "n"),
        when=trains,
    ),
    "sets": File(
        "metrics/sets.csv",
        columns=("set", "contrast", "metric", "difference", "low", "high"),
        when=trains,
    ),
    "set_summary": File(
        "metrics/set_summary.csv", columns=("set", "model", "metric", "mean", "low", "high"), when=trains
    ),
    "sweeps": File("metrics/sweeps.parquet", SWEEPS, when=is_swept),
    "unseen": File(
        "metrics/unseen_classes.csv",
        columns=(
            *("arm", "metric", "unseen", "seen", "zero_shot"),
            *("minus_seen", "minus_seen_low", "minus_seen_high"),
            *("minus_zero_shot", "minus_zero_shot_low", "minus_zero_shot_high", "n", "classes"),
        ),
        when=leaves_classes_out,
    ),
    "verdict": File("metrics/verdict.json", when=trains),
    "retrieval": File("metrics/retrieval.png", when=trains_main_arm),
    "truth": File("metrics/truth.json"),
    "plan": File("plan.json"),
}


def _yields(run: Run) -> dict:
    from unscene.report.yields import describe_yields

    return describe_yields(run)


def _words(run: Run) -> dict:
    from unscene.report.yields import describe_words

    return describe_words(run)


def _agreement(run: Run) -> dict:
    from unscene.report.text import describe_agreement

    return describe_agreement(run)


def _batchsize(run: Run) -> dict:
    from unscene.report.text import describe_study

    return describe_study(run)


def _truth(run: Run) -> dict:
    from unscene.report.truth import describe_truth

    return describe_truth(run)


def _examples(run: Run) -> dict:
    from unscene.report.examples import describe_examples

    return describe_examples(run)


def _quality(run: Run) -> dict:
    from unscene.report.audit import describe_quality

    return describe_quality(run)


def _arms(run: Run) -> dict:
    from unscene.report.arms import describe_arms

    return describe_arms(run)


def _costs(run: Run) -> dict:
    from unscene.report.costs import describe_costs

    return describe_costs(run)


def _times(run: Run) -> dict:
    from unscene.report.times import describe_times

    return describe_times(run)


def _provenance(run: Run) -> dict:
    from unscene.report.provenance import describe_provenance

    return describe_provenance(run)


# First what a reader asks first: does it work, and what did it cost. Then the stages, as the data flows.
SECTIONS = (
    Section(
        "arms",
        "Arms",
        ("summary", "comparison", "tested", "classes", "verdict", "folds", "pairs"),
        _arms,
        may=("sweeps", "unseen", "retrieval", "sets", "set_summary"),
        find=findings.find_in_arms,
    ),
    Section("costs", "Costs", ("cost", "plan", "samples", "keywords", "edits", "pairs"), _costs),
    Section(
        "yields",
        "Yields",
        ("samples", "rejected_samples", "keywords", "masks", "edits", "captions", "pairs", "rejected_edits"),
        _yields,
        find=findings.find_in_yields,
    ),
    Section("words", "Words", ("keywords",), _words, find=findings.find_in_words),
    Section("agreement", "Readers", ("agreement",), _agreement, has=has_readers),
    Section("batchsize", "Prompts", ("accuracy", "chosen", "study_figure"), _batchsize),
    Section(
        "examples",
        "Examples",
        ("samples", "masks", "edits", "captions", "pairs", "rejected_edits"),
        _examples,
        find=findings.find_in_examples,
    ),
    Section(
        "quality",
        "Quality",
        ("scores", "masks", "edits", "pairs", "rejected_edits", "truth"),
        _quality,
        may=("certificate", "control_scores", "calibration"),
        find=findings.find_in_quality,
    ),
    Section("truth", "Truth", ("truth",), _truth),
    Section("times", "Times", ("edits",), _times, find=findings.find_in_times),
    Section("provenance", "Provenance", ("edits", "plan"), _provenance),
)


def list_inputs(config: dict) -> dict[str, str | list]:
    """Return the inputs of the report's rule by name: a path, or an empty list for what a run with
    this config has not.
    """
    return {name: f"results/{file.path}" if file.when(config) else [] for name, file in FILES.items()}


def list_templates() -> list[str]:
    """Return the paths of the templates, relative to the checkout."""
    return [str(Path(TEMPLATES, name)) for name in (PAGE, MACROS, *(s.template for s in SECTIONS))]
