"""Where the photos of an evaluation set lie."""

from pathlib import Path

from unscene.evaluation.sets.tasks import SetError
from unscene.samples.readers.items import leads_out


def find_photo(entry: dict, images: Path, name: str) -> Path:
    """Return the path of a photo that a set's file names in the set's folder `images`.

    Raises SetError for a name that leads out of the folder, as a source of photos refuses it: such
    files come from elsewhere, and are not to choose which files of this machine are read.
    """
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise SetError(f"evaluate.sets, {entry['name']!r}: {name!r} is no name of a photo")
    if leads_out(images, name):
        raise SetError(
            f"evaluate.sets, {entry['name']!r}: {name!r} lies outside of {images}; name the folder in which"
            " all of its photos lie as the set's `images`"
        )
    return images / name
