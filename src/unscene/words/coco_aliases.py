"""COCO's categories under other names: files and models that follow COCO do not all spell it alike.

The six are Pascal VOC's spellings. The published checkpoints of RT-DETR, RT-DETRv2 and D-FINE carry
them in their `id2label`, and so do some annotation files.
"""

from collections.abc import Iterable

from unscene.words.coco80 import COCO80

ALIASES = {
    "aeroplane": "airplane",
    "diningtable": "dining table",
    "motorbike": "motorcycle",
    "pottedplant": "potted plant",
    "sofa": "couch",
    "tvmonitor": "tv",
}
# A list of names is COCO's when it has at least so many of the 80: another list may mean another thing.
LEAST_COMMON = 60


def name_as_coco(names: Iterable[str]) -> list[str]:
    """Return names of categories in COCO's spelling, in their order; a list that is not COCO's as it is."""
    names = list(names)
    if len({ALIASES.get(name, name) for name in names}.intersection(COCO80)) < LEAST_COMMON:
        return names
    return [ALIASES.get(name, name) for name in names]
