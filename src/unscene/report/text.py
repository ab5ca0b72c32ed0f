"""Words by the API in the report: what it buys over the lexicon, and how many captions fit in a prompt."""

from pathlib import Path

from unscene.run.tables import read_json, read_table

ALL = "all words"


def describe_text(paths: dict[str, str]) -> dict:
    """Return `agreement` and `study` for the template; each is None where the run has none.

    paths: as in the rule's input; `agreement`, `accuracy`, `chosen` and `study_figure` may be missing.
    """
    return {"agreement": _describe_agreement(paths.get("agreement")), "study": _describe_study(paths)}


def _describe_agreement(path: str | None) -> dict | None:
    """Return the table as `overall` rows and, for each pair of readers, the rows `by_word`."""
    if not path:
        return None
    table = read_table(
        path, ["reader", "against", "unit", "word", "units", "precision", "recall", "f1", "simulated"]
    )
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    pairs: dict[str, list[dict]] = {}
    for row in rows:
        if row["word"] != ALL:
            pairs.setdefault(f"{row['reader']} against {row['against']}, by {row['unit']}", []).append(row)
    return {
        "path": path,
        "overall": [row for row in rows if row["word"] == ALL],
        "by_word": pairs,
        "simulated": bool(table["simulated"].any()),
    }


def _describe_study(paths: dict[str, str]) -> dict | None:
    if not paths.get("chosen"):
        return None
    arms, chosen = read_table(paths["accuracy"]), read_json(paths["chosen"])
    figure = Path(paths["study_figure"]).read_text(encoding="utf-8")
    return {
        "path": paths["accuracy"],
        "arms": arms.astype(object).where(arms.notna(), None).to_dict("records"),
        "chosen": chosen,
        "figure": figure[figure.index("<svg") :],
    }
