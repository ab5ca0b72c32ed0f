"""What each section of the page found, in a sentence or two, computed from what the section shows."""

from collections.abc import Mapping

from unscene.report.numbers import count, duration, percent, ratio
from unscene.run.counts import tell_count


def find_in_arms(values: Mapping) -> list[str]:
    """Return what the main arm's group score is, and whether it is better than its references'."""
    return values["verdict"]


def find_in_yields(values: Mapping) -> list[str]:
    """Return where most wanted edits were lost, from what `describe_yields` returns."""
    edits = values["units"]["edits"]
    wanted, pairs = edits[0]["count"], edits[-1]["count"]
    if not wanted:
        return ["No edit was wanted: no caption names an object that was found in its photo."]
    found = [
        f"Of {tell_count(wanted, 'wanted edit')} {count(pairs)} became pairs ({percent(pairs / wanted)})."
    ]
    losses = [
        (before["count"] - after["count"], after["label"])
        for before, after in zip(edits, edits[1:], strict=False)
    ]
    lost, label = max(losses)
    if lost:
        found.append(f"The step “{label}” lost most of the others: {count(lost)}.")
    return found


def find_in_words(values: Mapping) -> list[str]:
    """Return the commonest word and how many words any caption names."""
    words = values["words"]
    if not words:
        return []
    first = next(iter(words))
    return [
        f"Captions name {tell_count(len(words), 'word')}; the commonest is {first}, in"
        f" {tell_count(words[first], 'caption')}."
    ]


def find_in_quality(values: Mapping) -> list[str]:
    """Return which limit refused most edits, and which limits are off."""
    limits = values["audit"]["limits"]
    found = []
    most = max(limits, key=lambda row: row["first"], default=None)
    if most and most["first"]:
        name = most["key"].replace("_", " ")
        found.append(f"The limit that refused most edits is {name}: {count(most['first'])} of them.")
    off = [row["key"].replace("_", " ") for row in limits if row["is_off"]]
    if off:
        found.append(f"Off, so that nothing is refused by it: {', '.join(off)}.")
    return found


def find_in_times(values: Mapping) -> list[str]:
    """Return the rule that took most of the time."""
    rows = [row for stage in values["stages"].values() for row in stage]
    total = sum(row["seconds"] for row in rows)
    if not total:
        return []
    most = max(rows, key=lambda row: row["seconds"])
    share = percent(ratio(most["seconds"], total), 0)
    return [
        f"All jobs took {duration(total)}; most of it {most['rule']}: {duration(most['seconds'])} ({share})."
    ]


def find_in_examples(values: Mapping) -> list[str]:
    """Return how many edits of either kind are shown."""
    accepted, refused = (len(values["examples"][kind]) for kind in ("accepted", "refused"))
    return [f"Shown are {tell_count(accepted, 'accepted edit')} and {tell_count(refused, 'refused one')}."]
