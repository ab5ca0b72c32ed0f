"""Readers of photo-caption sources: one small module a format behind one function."""

from collections.abc import Iterator
from pathlib import Path

from unscene.samples.readers import cc_tsv, coco, table, webdataset
from unscene.samples.readers.items import Item, SourceError

_READERS = {
    "embedded": coco.iterate_rendered,
    "coco": coco.iterate_coco,
    "table": table.iterate_table,
    "cc_tsv": cc_tsv.iterate_lines,
    "webdataset": webdataset.iterate_tars,
}


def iterate_items(source: dict, item_range: range, checkout: Path) -> Iterator[Item]:
    """Yield the items of a source whose positions lie in `item_range`, in the source's own order.

    `source` is an entry of samples.sources; its paths are relative to `checkout`, those of an embedded source to the run
    directory. A source that ends early yields fewer items. Raises SourceError when a file of the
    source is missing or unreadable, and when the source has more items than its `photos` says.
    """
    yield from _READERS[source["format"]](source, item_range, checkout)


__all__ = ["Item", "SourceError", "iterate_items"]
