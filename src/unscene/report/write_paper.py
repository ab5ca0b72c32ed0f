"""Write what a paper needs of a run: tables (CSV, Markdown, LaTeX), figures (PDF), and a methods and results section."""

import logging
import shutil
import uuid
from pathlib import Path

import pandas as pd

from unscene.report import paper
from unscene.report.arm_tables import list_drawings
from unscene.report.further_tables import list_tables
from unscene.run.tables import read_json, read_table, write_text
from unscene.training.pairs import read_pairs


def write_paper(
    path_to_pairs, path_to_summary, path_to_comparison, path_to_classes, path_to_check, path_to_verdict, path_to_sweeps,
    path_to_unseen, path_to_retrieval, path_to_folder, settings,
):  # fmt: skip
    """Write the folder: arms.*, contrasts.* and further tables that the run allows (csv, md, tex), methods.md, methods.tex, a PDF a
    figure, and retrieval.png.

    settings: the config's blocks `samples folds train evaluate deploy`. path_to_check: check.json of the folds. path_to_sweeps,
    path_to_unseen, path_to_retrieval: None when no arm was swept, tested on unseen categories or trained.
    """
    summary, comparison = pd.read_csv(path_to_summary), pd.read_csv(path_to_comparison)
    classes = read_table(path_to_classes, ["arm", "category"])
    sweep = read_table(path_to_sweeps, ["arm", "alpha", "chosen"]) if path_to_sweeps else None
    unseen = pd.read_csv(path_to_unseen) if path_to_unseen else None
    further = list_tables(summary, sweep, unseen, settings["evaluate"]["confidence"])
    final = Path(path_to_folder)
    folder = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.tmp")
    folder.mkdir(parents=True)
    try:
        for name, frame, caption in (
            (
                "arms",
                paper.tabulate_arms(summary),
                "Arms on held-out pairs, and AUC and recall on the untouched photos of the held-out folds: mean over folds and its "
                "interval, in percent.",
            ),
            ("contrasts", paper.tabulate_contrasts(comparison), "Differences of the group score in points."),
            *((table.name, table.frame, f"{table.caption}. {table.note}") for table in further),
        ):
            write_text(frame.to_csv(index=False, lineterminator="\n"), folder / f"{name}.csv")
            write_text(paper.to_markdown(frame), folder / f"{name}.md")
            write_text(paper.to_latex(frame, caption, f"tab:{name}"), folder / f"{name}.tex")
        sentence = read_json(path_to_verdict)["sentence"]
        section = paper.describe_methods(
            settings, read_pairs(path_to_pairs), comparison, sentence, read_json(path_to_check)
        )
        write_text(paper.join_markdown(section), folder / "methods.md")
        write_text(paper.join_latex(section), folder / "methods.tex")
        for drawing in list_drawings(summary, comparison, classes, sweep, settings):
            drawing.save_pdf(folder / f"{drawing.name}.pdf")
        if path_to_retrieval:
            shutil.copyfile(path_to_retrieval, folder / "retrieval.png")
        shutil.rmtree(final, ignore_errors=True)
        folder.rename(final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    logging.getLogger("unscene").info(
        "%s: %s", final, ", ".join(sorted(path.name for path in final.iterdir()))
    )
