"""Keywords against the truth: the words that a source says its captions mention, and the instances
of its photos.
"""

import pandas as pd

from unscene.photos.coco_instances import list_objects
from unscene.run.agreement import count_share, count_words


def score_keywords(keyword: pd.DataFrame, sample: pd.DataFrame) -> dict:
    """Return precision, recall, F1 and the share of captions with exactly the true words, overall
    and by class.
    """
    known = sample[sample["mentions"].notna()] if "mentions" in sample else sample.iloc[:0]
    if known.empty:
        return {"f1": None, "reason": "the source does not say which words its captions mention"}
    mentions = known["mentions"].to_dict()
    row = keyword[keyword["image_id"].isin(known.index) & (keyword["status"] == "ok")]
    pairs = []
    for image_id, caption_id, words in zip(row["image_id"], row["caption_id"], row["words"], strict=True):
        pairs.append((set(words), set(mentions[image_id][int(caption_id.rsplit("-", 1)[1])])))
    classes = sorted({word for found, true in pairs for word in found | true})
    return {
        **count_words(pairs),
        "exact": count_share(sum(found == true for found, true in pairs), len(pairs)),
        "captions_not_answered": int(keyword["image_id"].isin(known.index).sum() - len(row)),
        "by_class": {name: count_words((f & {name}, t & {name}) for f, t in pairs) for name in classes},
    }


def score_keyword_instances(keyword: pd.DataFrame, sample: pd.DataFrame, instances: dict | None) -> dict:
    """Return the share of words found in captions that the photo's instances hold as well: a proxy
    of precision.

    People mention what is no instance (and the other way round), so 1 is not to be had.
    """
    if instances is None:
        return {"share": None, "reason": "the source has no instances"}
    row = keyword[(keyword["status"] == "ok") & keyword["image_id"].isin(sample.index)]
    seen: dict[str, list[bool]] = {}
    for image_id, words in row.groupby("image_id")["words"]:
        objects = list_objects(instances, sample.at[image_id, "source_key"])
        if objects is not None:
            for word in {word for found in words for word in found}:
                seen.setdefault(word, []).append(word in objects)
    every = [hit for hits in seen.values() for hit in hits]
    return {
        **count_share(sum(every), len(every)),
        "by_class": {name: count_share(sum(hits), len(hits)) for name, hits in sorted(seen.items())},
    }
