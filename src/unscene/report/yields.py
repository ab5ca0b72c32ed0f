"""How many photos, captions and edits each step kept, and why it dropped the others."""

import pandas as pd

from unscene.captions.writers import count_writers
from unscene.report import figures
from unscene.report.numbers import ratio
from unscene.report.run import Run
from unscene.run.configuration import list_sources
from unscene.run.shard_names import get_source_name

MOST_REASONS = 15


def describe_yields(run: Run) -> dict:
    """Return what the section on yields names."""
    steps = count_steps(run)
    return {
        "sources": describe_sources(run, list_sources(run.settings)),
        "units": {
            unit: [step for step in steps if step["unit"] == unit]
            for unit in dict.fromkeys(step["unit"] for step in steps)
        },
        "yields_figure": figures.draw_yields(steps),
        "writers": count_writers(run.captions),
        "unread": count_unread(run),
        "reasons": list_reasons(run),
        "classes": count_classes(run),
    }


def count_unread(run: Run) -> list[dict]:
    """Return how many captions the lexicon cannot read, by why: `obstacle, count, words`.

    words: of how many the words are known all the same, from a model.
    """
    unread = run.keywords[run.keywords["obstacle"].fillna("") != ""]
    return [
        {
            "obstacle": obstacle,
            "count": len(rows),
            "words": int((rows["status"] == "ok").sum()),
        }
        for obstacle, rows in unread.groupby(unread["obstacle"].str.split(":").str[0])
    ]


def describe_words(run: Run) -> dict:
    """Return what the section on words names."""
    words = count_words(run)
    return {"words": words, "words_figure": figures.draw_words(words) if words else None}


def describe_sources(run: Run, sources: list[dict]) -> list[dict]:
    """Return a row per source: what the config promises, what was usable, what was rejected."""
    kept = run.samples["shard"].map(get_source_name).value_counts()
    rejected = run.rejected_samples["source"].value_counts()
    return [
        {
            "name": source["name"],
            "format": source["format"],
            "photos": source["photos"],
            "usable": int(kept.get(source["name"], 0)),
            "rejected": int(rejected.get(source["name"], 0)),
        }
        for source in sources
    ]


def count_steps(run: Run) -> list[dict]:
    """Return the pipeline's steps: `unit, label, count, share` (of the step before, of the same
    unit) and `table`.
    """
    named = run.keywords[run.keywords["words"].map(len) > 0]
    mask_ok, edit_ok = _ok(run.masks), _ok(run.edits)
    caption_ok = set(_ok(run.captions)["edit_id"]) & set(edit_ok["edit_id"])
    image_of = run.masks.set_index("edit_id")["image_id"]
    chains = {
        "captions": [
            ("captions read", len(run.keywords), "keywords"),
            ("naming a word", len(named), "keywords"),
        ],
        "photos": [
            ("items read", len(run.samples) + len(run.rejected_samples), "rejected_samples"),
            ("usable photos", len(run.samples), "samples"),
            ("with a named object", named["image_id"].nunique(), "keywords"),
            ("with a wanted edit", run.masks["image_id"].nunique(), "masks"),
            ("with an accepted pair", image_of.reindex(run.pairs["edit_id"]).nunique(), "pairs"),
        ],
        "edits": [
            ("wanted", len(run.masks), "masks"),
            ("with a mask", len(mask_ok), "masks"),
            ("object removed", len(edit_ok), "edits"),
            ("captions written", len(caption_ok), "captions"),
            ("accepted pairs", len(run.pairs), "pairs"),
        ],
    }
    steps = []
    for unit, chain in chains.items():
        before = None
        for label, number, table in chain:
            share = None if before is None else ratio(number, before)
            steps.append(
                {
                    "unit": unit,
                    "label": label,
                    "count": number,
                    "share": share,
                    "first": before is None,
                    "table": str(run.paths[table]),
                }
            )
            before = number
    return steps


def list_reasons(run: Run) -> list[dict]:
    """Return a row per kind of item and reason: `step, reason, count, any, table`, the commonest first.

    Items are source items, captions, and wanted edits; an edit counts once, by its first reason.
    `any` also counts the edits that have the reason among others (None where that is not known).
    """
    dropped = [
        ("source items", run.rejected_samples, "rejected_samples"),
        ("captions", run.keywords[run.keywords["status"] != "ok"], "keywords"),
        ("wanted edits", run.rejected_edits, "rejected_edits"),
    ]
    rows = []
    for step, frame, table in dropped:
        every = frame["all_reasons"].explode().value_counts() if "all_reasons" in frame else {}
        for reason, number in _count_reasons(frame):
            also = every.get(reason)
            rows.append(
                {
                    "step": step,
                    "reason": reason,
                    "count": number,
                    "any": None if also is None else int(also),
                    "table": str(run.paths[table]),
                }
            )
    return rows


def count_classes(run: Run) -> list[dict]:
    """Return a row per category of the wanted edits: `category, captions, wanted, masks, edits,
    pairs, share`.
    """
    named = count_words(run)
    wanted = run.masks["category"].value_counts()
    category_of = run.masks.set_index("edit_id")["category"]
    masks = _ok(run.masks)["category"].value_counts()
    edits = category_of.reindex(_ok(run.edits)["edit_id"]).value_counts()
    pairs = run.pairs["category"].value_counts()
    return [
        {
            "category": category,
            "captions": named.get(category, 0),
            "wanted": int(number),
            "masks": int(masks.get(category, 0)),
            "edits": int(edits.get(category, 0)),
            "pairs": int(pairs.get(category, 0)),
            "share": ratio(int(pairs.get(category, 0)), int(number)),
        }
        for category, number in sorted(wanted.items(), key=lambda item: (-item[1], item[0]))
    ]


def count_words(run: Run) -> dict[str, int]:
    """Return how many captions name each word, the commonest first."""
    counts = run.keywords["words"].explode().dropna().value_counts()
    return {
        word: int(number) for word, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    }


def count_folds(run: Run) -> list[dict]:
    """Return a row per fold of training seed 0: `fold, groups, pairs`, and how many tests of it
    each arm has (`tested`). Further seeds have splits of their own, in equal parts.
    """
    fold_of = run.folds.set_index("group")["fold"]
    pairs = run.pairs["group"].map(fold_of).value_counts()
    tested = run.tested[run.tested["seed"] == 0].groupby("fold")["edit_id"].nunique()
    return [
        {
            "fold": int(fold),
            "groups": int(number),
            "pairs": int(pairs.get(fold, 0)),
            "tested": int(tested.get(fold, 0)),
        }
        for fold, number in run.folds["fold"].value_counts().sort_index().items()
    ]


def _ok(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["status"] == "ok"]


def _count_reasons(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """Return (reason, count); details after a colon are left out when there are too many reasons."""
    if frame.empty:
        return []
    reasons = frame["reason"] if "reason" in frame else pd.Series(None, frame.index, dtype=object)
    status = frame["status"] if "status" in frame else pd.Series("rejected", frame.index)
    reasons = reasons.where(reasons.notna() & (reasons.astype(str) != ""), status).astype(str)
    if reasons.nunique() > MOST_REASONS:
        reasons = reasons.str.split(": ").str[:2].str.join(": ")
    counts = sorted(reasons.value_counts().items(), key=lambda item: (-item[1], item[0]))
    shown, rest = counts[:MOST_REASONS], counts[MOST_REASONS:]
    if rest:
        shown.append((f"{len(rest)} further reasons", sum(number for _, number in rest)))
    return [(reason, int(number)) for reason, number in shown]
