"""Write what a paper needs of a run: tables (CSV, Markdown, LaTeX), figures (PDF), and a methods
and results section.
"""

import logging
import shutil
from importlib.resources import files
from pathlib import Path

import pandas as pd

from unscene.captions.columns import CAPTIONS
from unscene.captions.writers import count_writers
from unscene.evaluation.columns.photos import CLASSES
from unscene.evaluation.columns.sweeps import SWEEPS
from unscene.machine.job import Job
from unscene.masks.detectors import find_kind
from unscene.provenance.circumstances import read_versions
from unscene.report import paper
from unscene.report.arm_tables import list_drawings
from unscene.report.further_tables import list_tables
from unscene.report.headline import EDITED, ORDINARY, list_rows, tabulate, take_world, tell_changes
from unscene.report.methods import Found, describe_methods
from unscene.run.checkout import CHECKOUT
from unscene.run.folders import replaced_folder
from unscene.run.tables import read_json, write_text
from unscene.training.pairs import read_pairs

WEIGHTS = ("masks.weights", "edits.weights", "quality.judge", "train.clip")
FIGURES_CAPTION = (
    "The main arm on ordinary photos and on edited pairs, in percent (shifts in hundredths of a cosine). In "
    "brackets intervals, of a difference the wider of that over photos and that over trainings; the reading "
    "is of the difference from zero_shot"
)
ARMS_CAPTION = (
    "Arms on held-out pairs, and AUC and recall on the untouched photos of the held-out folds: mean over "
    "folds and its interval, in percent."
)


def write_paper(job: Job) -> None:
    """Write the folder: figures.*, arms.*, contrasts.* and further tables that the run allows (csv, md, tex),
    methods.md, methods.tex, a PDF a figure, retrieval.png, and paper.tex with references.bib, which
    sets all of it.

    Inputs that only some runs have: `sweeps`, `unseen` and `retrieval`, where an arm was swept,
    tested on unseen categories or trained.
    """
    inputs, settings = job.inputs, job.settings
    summary, comparison = pd.read_csv(inputs.summary), pd.read_csv(inputs.comparison)
    classes = CLASSES.read(inputs.classes)
    sweep = SWEEPS.read(inputs.sweeps) if inputs.sweeps else None
    unseen = pd.read_csv(inputs.unseen) if inputs.unseen else None
    tables = [
        *list_figures(job, summary, comparison),
        ("arms", paper.tabulate_arms(summary), ARMS_CAPTION),
        ("contrasts", paper.tabulate_contrasts(comparison), "Differences of the group score in points."),
        *(
            (table.name, table.frame, f"{table.caption}. {table.note}")
            for table in list_tables(summary, sweep, unseen)
        ),
    ]
    pairs = read_pairs(inputs.pairs)
    figures_of_held_out = list_rows(summary, comparison, (*ORDINARY, *EDITED), settings["deploy"]["arm"])
    section = describe_methods(
        settings,
        Found(
            pairs,
            comparison,
            read_json(inputs.verdict)["sentence"],
            read_json(inputs.check),
            count_pair_writers(pairs, inputs.captions),
            tell_changes(figures_of_held_out, settings["deploy"]["arm"]),
            read_versions("logs"),
            {key: Path(path).name for key in WEIGHTS if (path := job.look_up(key))},
            find_kind(CHECKOUT / path).method if (path := job.look_up("masks.weights")) else "",
        ),
    )
    drawings = list_drawings(summary, comparison, classes, sweep, settings)
    final = Path(job.outputs.folder)
    with replaced_folder(final) as folder:
        for name, frame, caption in tables:
            write_text(frame.to_csv(index=False, lineterminator="\n"), folder / f"{name}.csv")
            write_text(paper.to_markdown(frame), folder / f"{name}.md")
            write_text(paper.to_latex(frame, caption, f"tab:{name}"), folder / f"{name}.tex")
        write_text(paper.join_markdown(section), folder / "methods.md")
        write_text(paper.join_latex(section), folder / "methods.tex")
        for drawing in drawings:
            drawing.save_pdf(folder / f"{drawing.name}.pdf")
        names = [name for name, *_ in tables], [drawing.name for drawing in drawings]
        write_text(paper.write_main(*names), folder / "paper.tex")
        write_text(
            files("unscene.resources").joinpath("references.bib").read_text(), folder / "references.bib"
        )
        if inputs.retrieval:
            shutil.copyfile(inputs.retrieval, folder / "retrieval.png")
    logging.getLogger("unscene").info(
        "%s: %s", final, ", ".join(sorted(path.name for path in final.iterdir()))
    )


def list_figures(
    job: Job, summary: pd.DataFrame, comparison: pd.DataFrame
) -> list[tuple[str, pd.DataFrame, str]]:
    """Return the first figures as name, table and caption: `figures` of the held-out folds and, with
    a fresh world, `figures_world` of its photos.
    """
    main_arm, world = job.settings["deploy"]["arm"], job.settings["evaluate"]["world"]
    parts = {"figures": (summary, comparison, (*ORDINARY, *EDITED), f"{FIGURES_CAPTION}; held-out folds.")}
    if world:
        of_world = take_world(
            pd.read_csv(job.inputs.set_summary), pd.read_csv(job.inputs.sets), world["name"]
        )
        words = f"{FIGURES_CAPTION}; {world['photos']:,} photos of a fresh world."
        parts = {"figures_world": (*of_world, ORDINARY, words)} | parts
    found = {name: list_rows(*tables, main_arm) for name, (*tables, _) in parts.items()}
    return [(name, tabulate(rows, main_arm), parts[name][-1]) for name, rows in found.items() if rows]


def count_pair_writers(pairs: pd.DataFrame, path_to_captions: str) -> list[dict]:
    """Return who wrote the captions of the accepted pairs."""
    captions = CAPTIONS.read(path_to_captions, ["edit_id", "source", "status"])
    return count_writers(captions[captions["edit_id"].isin(set(pairs["edit_id"]))])
