"""What is left after each step, by unit, reason, class and fold."""

import pandas as pd
import pytest

from unscene.captions.writers import count_writers
from unscene.report.yields import count_classes, count_folds, count_steps, count_unread, list_reasons


def test_who_wrote_the_captions_is_told(run):
    captions = pd.DataFrame(
        {
            "source": ["gpt-6-luna"] * 6 + ["grammar_fallback"] * 3 + ["template_fallback", ""],
            "status": ["ok"] * 10 + ["failed"],
        }
    )
    rows = {row["writer"]: (row["count"], row["share"]) for row in count_writers(captions)}
    assert rows["the model gpt-6-luna"] == (6, 0.6)
    assert [number for number, _ in rows.values()] == [6, 3, 0, 1]
    offline = count_writers(captions.assign(source="template"))
    assert offline[0] == {"writer": "the offline grammar", "count": 10, "share": 1.0}
    assert count_unread(run) == []
    run.keywords.loc[run.keywords.index[:3], "obstacle"] = "not English: Thai script"
    assert count_unread(run) == [{"obstacle": "not English", "count": 3, "words": 3}]


def test_steps_add_up(run):
    steps = {(step["unit"], step["label"]): step for step in count_steps(run)}
    assert steps["edits", "wanted"]["count"] == len(run.pairs) + len(run.rejected_edits)
    assert steps["photos", "items read"]["count"] == 33 and steps["photos", "usable photos"]["count"] == 30
    assert steps["captions", "naming a word"]["share"] == pytest.approx(0.8)
    assert steps["edits", "accepted pairs"]["share"] == pytest.approx(len(run.pairs) / len(run.edits))
    refused = sum(row["count"] for row in list_reasons(run) if row["step"] == "wanted edits")
    assert refused == len(run.rejected_edits)
    classes = count_classes(run)
    assert sum(row["pairs"] for row in classes) == len(run.pairs)
    assert sum(row["wanted"] for row in classes) == len(run.masks)
    assert sum(row["pairs"] for row in count_folds(run)) == len(run.pairs)


def test_many_reasons_are_grouped_and_none_is_lost(run):
    run.rejected_edits = pd.DataFrame(
        {"edit_id": [str(n) for n in range(40)], "reason": [f"edit: failed: code {n}" for n in range(40)]}
    )
    rows = [row for row in list_reasons(run) if row["step"] == "wanted edits"]
    assert [(row["reason"], row["count"]) for row in rows] == [("edit: failed", 40)]
