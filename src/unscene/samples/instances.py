"""The instances of a source: which objects it says its photos have."""

from collections.abc import Collection

from unscene.photos.coco_instances import PhotoInstances, read_categories, read_instances
from unscene.samples.readers import find_instances


def read_source_instances(
    source: dict, keys: Collection[str] | None = None
) -> dict[str, PhotoInstances] | None:
    """Return what a source (entry of samples.sources) says of its photos, by their `source_key`;
    None when it has no instances.

    keys: the only photos wanted. A photo that is not among them is not listed: what is on it is not
    known (`unscene.photos.coco_instances.list_objects`). Raises TableError, naming file and key,
    when the file is broken.
    """
    path = find_instances(source)
    return None if path is None else read_instances(path, keys)


def read_source_categories(source: dict) -> set[str]:
    """Return the words that a source's instances file lists where they are; nothing without one.

    A photo says nothing of a word that is not among them.
    """
    path = find_instances(source)
    return set() if path is None else read_categories(path)
