"""Who wrote the captions of edits: a model, the grammar, what is known, or the plain template."""

import pandas as pd

from unscene.captions.caption_edits import GRAMMAR, LADDER, PLAIN
from unscene.captions.parsing import FALLBACKS

OFFLINE = "template"  # the backend that asks no model
_WRITERS = {
    OFFLINE: "the offline grammar",
    FALLBACKS[GRAMMAR]: "the offline grammar, in place of a model's answer",
    FALLBACKS[LADDER]: "a list of what else the caption names, or its kind of scene",
    FALLBACKS[PLAIN]: "the plain template (`A photo.`)",
}


def count_writers(captions: pd.DataFrame) -> list[dict]:
    """Return who wrote how many of the captions that there are: `writer, count, share`; models first,
    the commonest first, then each of the others, 0 where the run could have had it.

    captions: `source` and `status` of the table of captions.
    """
    sources = captions.loc[captions["status"] == "ok", "source"].value_counts()
    models = [name for name in sources.index if name not in _WRITERS]
    total = int(sources.sum())
    rows = [(f"the model {name}", int(sources[name])) for name in models]
    for source, writer in _WRITERS.items():
        number = int(sources.get(source, 0))
        if number or (source == OFFLINE) != bool(models):
            rows.append((writer, number))
    return [
        {"writer": writer, "count": number, "share": number / total if total else None}
        for writer, number in rows
    ]
