"""Labels that people gave to edits: read, checked, and brought to one verdict an edit."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.run.agreement import count_share

# The first three are about the removal; `none` asks what the caption says of the whole photo.
QUESTIONS = ("gone", "nothing_new", "natural", "none")
ADJUDICATOR = "adjudicator"  # the rater whose label settles what others disagree on
SCRIPTED = "script"  # raters of tests: their labels must never decide anything
COLUMNS = ["edit_id", "edited_sha256", "rater", *QUESTIONS, "accept"]


class LabelError(ValueError):
    """A labels file that cannot be used; the message names it."""


def read_labels(paths: list[str | Path]) -> pd.DataFrame:
    """Return the labels in force, a row an edit and rater: of several by one rater the last counts,
    undone ones do not.

    `accept` is true when all questions were answered yes. Raises LabelError on a line that is
    no label (a torn last line, left by a crash, is dropped) and on raters whose name begins with
    `script`.
    """
    rows: dict[tuple[str, str], dict] = {}
    for path in map(Path, paths):
        rater = path.stem
        if rater.startswith(SCRIPTED):
            raise LabelError(
                f"{path}: the rater {rater!r} is a script of the tests, no person; take the file "
                "out of the folder"
            )
        for row in read_lines(path):
            key = (rater, row["edit_id"])
            rows.pop(key, None)
            if not row.get("undone"):
                rows[key] = {**row, "rater": rater, "accept": all(row[name] for name in QUESTIONS)}
    frame = pd.DataFrame(rows.values(), columns=COLUMNS)
    return frame.astype({name: bool for name in (*QUESTIONS, "accept")})


def read_lines(path: Path) -> list[dict]:
    """Return the records of one rater's file, oldest first."""
    records = []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            is_label = (
                all(isinstance(record.get(name), bool) for name in QUESTIONS) or record.get("undone") is True
            )
            if not (
                isinstance(record["edit_id"], str) and isinstance(record["edited_sha256"], str) and is_label
            ):
                raise ValueError("not a label")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number == len(lines) and not line.endswith("\n"):
                break  # torn by a crash: the answer was never confirmed to the rater
            raise LabelError(f"{path}, line {number}: {error!r}; mend or delete the line") from error
        records.append(record)
    return records


def settle(label: pd.DataFrame) -> pd.DataFrame:
    """Return one row an edit: `edit_id, edited_sha256, raters, agreed, adjudicated, accept`.

    The adjudicator's verdict wins. Where raters disagree and nobody settled it, the edit counts as
    not acceptable: the certified defect rate then errs on the safe side.
    """
    rows = []
    for (edit_id, edited_sha256), part in label.groupby(["edit_id", "edited_sha256"], sort=True):
        others = part[part["rater"] != ADJUDICATOR]
        final = part[part["rater"] == ADJUDICATOR]
        agreed = others["accept"].nunique() <= 1
        rows.append(
            {
                "edit_id": edit_id,
                "edited_sha256": edited_sha256,
                "raters": len(others),
                "agreed": agreed,
                "adjudicated": bool(len(final)),
                "accept": bool(final["accept"].iloc[0]) if len(final) else bool(part["accept"].all()),
            }
        )
    columns = ["edit_id", "edited_sha256", "raters", "agreed", "adjudicated", "accept"]
    return pd.DataFrame(rows, columns=columns).astype({"agreed": bool, "adjudicated": bool, "accept": bool})


def list_disagreements(label: pd.DataFrame) -> pd.DataFrame:
    """Return the edits that raters disagree on and nobody settled: `edit_id` and each rater's
    answers as text.
    """
    settled = settle(label)
    open_ones = settled[~settled["agreed"] & ~settled["adjudicated"]]
    part = label[label["edit_id"].isin(open_ones["edit_id"])].sort_values(["edit_id", "rater"])
    text = (
        part["rater"]
        + ": "
        + part[list(QUESTIONS)].apply(
            lambda row: ", ".join(f"{name} {'yes' if value else 'no'}" for name, value in row.items()), axis=1
        )
        if len(part)
        else pd.Series(dtype=object)
    )
    answers = text.groupby(part["edit_id"]).agg("; ".join) if len(part) else pd.Series(dtype=object)
    return pd.DataFrame({"edit_id": answers.index, "answers": answers.to_numpy()}).astype("string")


def measure_agreement(label: pd.DataFrame) -> list[dict]:
    """Return for each two raters and each question (and `accept`): share of equal answers and
    Cohen's kappa, with n.

    Cohen, Educ. Psychol. Meas. 20, 1960. Kappa is null when both raters gave one and the same
    answer throughout.
    """
    from sklearn.metrics import cohen_kappa_score

    people = sorted(set(label["rater"]) - {ADJUDICATOR})
    rows = []
    for first, second in combinations(people, 2):
        both = label[label["rater"] == first].merge(
            label[label["rater"] == second], on=["edit_id", "edited_sha256"], suffixes=("_1", "_2")
        )
        for name in (*QUESTIONS, "accept"):
            one, two = both[f"{name}_1"].to_numpy(bool), both[f"{name}_2"].to_numpy(bool)
            varies = len(both) and (len(np.unique(one)) > 1 or len(np.unique(two)) > 1)
            rows.append(
                {
                    "raters": [first, second],
                    "question": name,
                    "equal": count_share(int((one == two).sum()), len(both)),
                    "kappa": float(cohen_kappa_score(one, two)) if varies else None,
                }
            )
    return rows
