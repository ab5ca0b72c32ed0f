"""The labelling page: people say of a sample of edits whether the object is gone, nothing is new,
all looks natural, and no other such object stands in the photo.
"""

from pathlib import Path


def list_label_files(folder: str) -> list[str]:
    """Return the raters' files in a folder, sorted; ValueError says how to get some."""
    paths = sorted(Path(folder).glob("*.jsonl"))
    if not paths:
        raise ValueError(
            f"quality.labels: there is no *.jsonl in {folder}; label edits first (make label RATER=...)"
        )
    return [str(path) for path in paths]
