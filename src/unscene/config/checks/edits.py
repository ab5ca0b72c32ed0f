"""Contradictions in masks and edits."""

from collections.abc import Iterator

from unscene.edits.removers import REMOVERS


def check_masks(masks: dict) -> Iterator[str]:
    """Say that no mask can be of a size that is allowed."""
    if masks["min_area"] >= masks["max_area"]:
        yield "masks.min_area: it must be smaller than masks.max_area"


def check_edits(edits: dict) -> Iterator[str]:
    """Say which keys the remover lacks, and which it is given and cannot use."""
    backend = REMOVERS[edits["backend"]]
    for key in backend.needed:
        if not edits[key]:
            yield f"edits.{key}: the backend {backend.name} needs the path of {backend.weights}"
    for key in {
        key: None for other in REMOVERS.values() for key in other.optional if key not in backend.keys
    }:
        if edits[key]:
            yield f"edits.{key}: the backend {backend.name} has no use for it; set it to null"
