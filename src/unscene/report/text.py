"""Words by the API in the report: what it buys over the lexicon, and how many captions fit in a prompt."""

from unscene.batchsize.text import write_paragraphs
from unscene.report.run import Run

ALL = "all words"


def describe_agreement(run: Run) -> dict:
    """Return the table as `agreement`: `overall` rows and, for each pair of readers, the rows `by_word`."""
    table = run.agreement
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    pairs: dict[str, list[dict]] = {}
    for row in rows:
        if row["word"] != ALL:
            pairs.setdefault(f"{row['reader']} against {row['against']}, by {row['unit']}", []).append(row)
    return {
        "agreement": {
            "overall": [row for row in rows if row["word"] == ALL],
            "by_word": pairs,
            "simulated": bool(table["simulated"].any()),
        }
    }


def describe_study(run: Run) -> dict:
    """Return the batch-size study as `study`: its sizes, the choice, its text and the figure."""
    figure = run.study_figure.read_text(encoding="utf-8")
    return {
        "study": {
            "sizes": run.accuracy.astype(object).where(run.accuracy.notna(), None).to_dict("records"),
            "chosen": run.chosen,
            "paragraphs": write_paragraphs(run.accuracy, run.chosen),
            "figure": figure[figure.index("<svg") :],
        }
    }
