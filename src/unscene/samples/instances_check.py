"""Whether a source's instances file tells anything of its photos, before a run starts."""

from pathlib import Path

from unscene.photos.instances_look import look_at_instances
from unscene.run.checkout import CHECKOUT
from unscene.run.tables import TableError
from unscene.samples.readers import SourceError, locate_files
from unscene.samples.readers.coco_files import load_document
from unscene.samples.readers.items import find_path
from unscene.words.vocabulary import Vocabulary


def check_source_instances(source: dict, vocabulary: Vocabulary, checkout: Path = CHECKOUT) -> str:
    """Say in a few words what a source's instances file tells of its photos.

    Raises SourceError when it tells nothing: it is no such file, lists other photos, or knows none of
    the words.
    """
    located = locate_files(source, checkout)
    path = find_path(located, "instances")
    way_out = "give COCO's instances_*.json of these photos, or leave `instances` out"
    try:
        photos, words = look_at_instances(path)
    except TableError as error:
        raise SourceError.at(source, "instances", f"{error}; {way_out}") from error
    own = [str(image.get("id")) for image in load_document(located, "captions")["images"]]
    shared = photos.intersection(own)
    if own and not shared:
        raise SourceError.at(
            source,
            "instances",
            f"{path} lists none of the {len(own):,} photos of {located['captions']} (whose first is"
            f" {own[0]}; a file of another split?); {way_out}",
        )
    known = [word for word in vocabulary if word in words]
    if not known:
        some = ", ".join(sorted(words)[:5]) or "none at all"
        raise SourceError.at(
            source,
            "instances",
            f"{path} knows none of {vocabulary.title} (its categories are {some}); rename its categories,"
            " or leave `instances` out",
        )
    return (
        f"instances list {len(shared):,} of {len(own):,} photos and {len(known)} of {len(vocabulary)} words"
    )
