"""Score keywords, masks, edits and the acceptance of edits against the truth, for the sources that
know it.
"""

import logging
from pathlib import Path

from unscene.evaluation.acceptance_truth import score_acceptance, score_scores
from unscene.evaluation.edit_truth import measure_edits, score_edits_by_truth
from unscene.evaluation.keyword_truth import score_keyword_instances, score_keywords
from unscene.evaluation.mask_truth import score_detector, score_masks
from unscene.machine.job import Job
from unscene.run.configuration import list_sources
from unscene.run.shard_names import get_source_name
from unscene.run.tables import read_table, write_json
from unscene.samples.instances import read_source_instances
from unscene.samples.readers import locate_files
from unscene.scenes.columns import TRUTH

TABLES = ("samples", "keywords", "masks", "edits", "scores", "pairs")


def score_against_truth(job: Job) -> None:
    """Write, for each source, what its truth says; where it knows none the value is null with a reason.

    The truth of an embedded source lies in results/scenes/{source}; a COCO source may name its
    `instances`. inputs: the joined tables of TABLES. outputs: truth.
    """
    table = {name: read_table(job.inputs[name]) for name in TABLES}
    table["samples"] = table["samples"].assign(source=table["samples"]["shard"].map(get_source_name))
    truth = {}
    for source in list_sources(job.config):
        name = source["name"]
        sample = table["samples"][table["samples"]["source"] == name].set_index("image_id", drop=False)
        part = {
            key: frame[frame["image_id"].isin(sample.index)]
            for key, frame in table.items()
            if key not in ("samples", "scores")
        }
        part["scores"] = table["scores"][table["scores"]["edit_id"].isin(part["edits"]["edit_id"])]
        instances = read_source_instances(source)
        measured = measure_edits(part["edits"], sample, instances, read_truth_paths(source))
        truth[name] = {
            "keywords": score_keywords(part["keywords"], sample),
            "keyword_agreement_with_instances": score_keyword_instances(part["keywords"], sample, instances),
            "masks": score_masks(part["masks"], sample, instances),
            "detector_recall": score_detector(part["masks"], sample, instances),
            "edits": score_edits_by_truth(measured),
            "acceptance": score_acceptance(measured, part["masks"], part["pairs"]),
            "scores_against_truth": score_scores(measured, part["scores"]),
        }
        log_headlines(name, truth[name])
    write_json(truth, job.outputs.truth)


def read_truth_paths(source: dict) -> dict[tuple[str, str], tuple[Path, str]] | None:
    """Return path and SHA-256 of the true photos without a category by (file name, category), or
    None when the source has none.
    """
    path = locate_files(source).get("truth")
    if path is None:
        return None
    folder = Path(path).parent
    truth = TRUTH.read(path)
    return {
        (row.file_name, row.category): (folder / row.truth_path, row.truth_sha256)
        for row in truth.itertuples(index=False)
    }


def log_headlines(name: str, truth: dict) -> None:
    """Log the figures that a person looks for first."""
    logger = logging.getLogger("unscene")
    figures = {
        "keywords' precision": truth["keywords"].get("precision"),
        "recall": truth["keywords"].get("recall"),
        "f1": truth["keywords"].get("f1"),
        "mask IoU": truth["masks"].get("iou"),
        "PSNR in the hole": truth["edits"].get("psnr_db"),
        "accepted of masks": truth["acceptance"]["accepted_of_masks"],
        "precision of acceptance": truth["acceptance"].get("precision"),
    }
    known = [f"{what} {value}" for what, value in figures.items() if value is not None]
    logger.info("%s: %s", name, ", ".join(known))
    for score, auc in truth["scores_against_truth"].items():
        if isinstance(auc, dict) and auc["auc"] is not None:
            logger.info(
                "%s: AUC of %s %.3f%s",
                name,
                score,
                auc["auc"],
                "" if auc["separates"] else " (does not separate)",
            )
