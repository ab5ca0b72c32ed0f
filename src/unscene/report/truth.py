"""Agreement with the truth: what a reader asks of truth.json first, and all the rest."""

from unscene.report.facts import list_facts, look_up
from unscene.report.run import Run
from unscene.run.configuration import list_sources

# Where each question's answer stands below a source.
QUESTIONS = {
    "Words of captions: precision": ("keywords", "precision"),
    "Words of captions: recall": ("keywords", "recall"),
    "Words of captions that the photo's instances hold, too": ("keyword_agreement_with_instances", "share"),
    "Masks: IoU of the object found": ("masks", "iou"),
    "Named and listed objects that the detector found": ("detector_recall", "share"),
    "Hole, PSNR to the true background: edit": ("edits", "psnr_db", "edit"),
    "Hole, PSNR: Telea (OpenCV)": ("edits", "psnr_db", "telea"),
    "Hole, PSNR: mean colour": ("edits", "psnr_db", "mean_fill"),
    "Hole, PSNR: untouched": ("edits", "psnr_db", "untouched"),
    "Hole, distance of texture from the truth's: edit": ("edits", "texture_log_variance_ratio", "edit"),
    "Hole, distance of texture from the truth's: Telea": ("edits", "texture_log_variance_ratio", "telea"),
    "Masks that ended in an accepted pair": ("acceptance", "accepted_of_masks"),
    "Objects named in captions that did": ("acceptance", "accepted_of_named_objects"),
    "Accepted edits that truly removed the object": ("acceptance", "precision"),
    "True removals that were accepted": ("acceptance", "recall"),
}


def describe_truth(run: Run) -> dict:
    """Return what the section's template names."""
    sources = [source["name"] for source in list_sources(run.settings)]
    return {"sources": sources, "rows": answer(QUESTIONS, run.truth, sources), "truth": list_facts(run.truth)}


def answer(questions: dict[str, tuple[str, ...]], truth: dict, sources: list[str]) -> list[dict]:
    """Return a row a question: `label` and, for each source, `values` as (text, is null)."""
    return [
        {"label": label, "values": [look_up(truth, (source, *path)) for source in sources]}
        for label, path in questions.items()
    ]
