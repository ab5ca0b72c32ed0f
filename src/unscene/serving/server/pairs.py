"""The run's pairs and refused edits, as the explorer asks for them: filtered, sorted, a page at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SCORES = ("text_score", "image_score", "group_score")


@dataclass(frozen=True)
class Wish:
    """What the explorer shows. state: accepted or refused. result: a pair score of the tuned model
    that must hold or fail, as `group_score` or `not group_score`; text: in the captions or the name.
    """

    state: str = "accepted"
    category: str = ""
    reason: str = ""
    result: str = ""
    text: str = ""
    sort: str = "name"


class Pairs:
    """All pairs and refused edits of a run."""

    def __init__(self, pairs: Sequence[dict], refused: Sequence[dict]):
        """pairs, refused: rows of the catalogue."""
        self._rows = {"accepted": list(pairs), "refused": list(refused)}
        self._by_id = {row["edit_id"]: row for rows in self._rows.values() for row in rows}

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, edit_id: str) -> dict | None:
        """Return a pair or a refused edit; None when there is none of the name."""
        return self._by_id.get(edit_id)

    def choose(self, wish: Wish, first: int, number: int) -> dict:
        """Return a page of what is wished for, how many there are, and what the filters can be set to."""
        rows = self._rows.get(wish.state, [])
        chosen = sorted((row for row in rows if _fits(row, wish)), key=lambda row: _rank(row, wish.sort))
        return {
            "total": len(chosen),
            "pairs": chosen[first : first + number],
            "counts": {state: len(rows) for state, rows in self._rows.items()},
            "categories": _count(rows, "category"),
            "reasons": _count(rows, "reason"),
        }


def _fits(row: dict, wish: Wish) -> bool:
    negated, _, score = wish.result.rpartition(" ")
    tuned = (row.get("scores") or {}).get("tuned") or {}
    return (
        (not wish.category or row["category"] == wish.category)
        and (not wish.reason or row.get("reason") == wish.reason)
        and (not score or (score in tuned and bool(tuned[score]) != (negated == "not")))
        and (
            not wish.text
            or wish.text.lower() in " ".join([row["edit_id"], *row.get("captions", {}).values()]).lower()
        )
    )


def _rank(row: dict, sort: str) -> tuple:
    scores = row.get("scores") or {}
    before, after = (scores.get(name) or {} for name in ("base", "tuned"))
    if sort in ("gain", "loss"):
        change = (after.get("interaction") or 0.0) - (before.get("interaction") or 0.0)
        return (-change if sort == "gain" else change, row["edit_id"])
    if sort == "area":
        return (-(row.get("area_fraction") or 0.0), row["edit_id"])
    if sort in SCORES:
        return (bool(after.get(sort)), row["edit_id"])
    # Of refused edits those come first that have a picture to look at.
    return (not row.get("edited_path"), row["edit_id"])


def _count(rows: Sequence[dict], name: str) -> dict[str, int]:
    counts = Counter(row[name] for row in rows if row.get(name))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
