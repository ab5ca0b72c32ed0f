"""The page: its head and its sections, each from its own template."""

from importlib.resources import files
from pathlib import Path

from unscene.report import numbers, scores
from unscene.report.headline import describe_headline
from unscene.report.provenance import get_digests
from unscene.report.run import Run
from unscene.report.sections import PAGE, SECTIONS
from unscene.report.terms import explain
from unscene.report.times import read_benchmarks
from unscene.run.counts import tell_count
from unscene.samples.readers import is_rendered

TEMPLATES = Path(str(files("unscene.resources"))) / "templates"
EMBEDDED_CAVEAT = "It checks the code; it is no evidence about CLIP."
FILTERS = (
    *("count", "percent", "points", "interval", "p_value"),
    *("duration", "megabytes", "plain", "short", "label"),
)


def fill_page(run: Run) -> str:
    """Return the page; a name that a template uses and its section's values lack is an error."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update({name: getattr(numbers, name) for name in FILTERS})
    environment.filters |= {"metric": scores.name_metric, "tell_count": tell_count}
    paths = {name: str(path) for name, path in run.paths.items()}
    shown = []
    for section in SECTIONS:
        if all(name in run.paths for name in section.files):
            values = section.describe(run)
            if not section.has(values):
                continue
            html = environment.get_template(section.template).render(
                paths=paths, findings=section.find(values), **values
            )
            shown.append(
                {
                    "name": section.name,
                    "link": section.link,
                    "html": Markup(html),
                    "terms": explain(section.name, html),
                    "made_by": paths[section.files[0]],
                }
            )
    return environment.get_template(PAGE).render(sections=shown, **describe_head(run))


def describe_head(run: Run) -> dict:
    """Return what the page names around its sections."""
    settings = run.settings
    main_arm = settings["deploy"]["arm"]
    return {
        "title": settings["report"]["title"],
        "embedded": [s["name"] for s in settings["samples"]["sources"] if is_rendered(s)],
        "caveat": EMBEDDED_CAVEAT,
        "digests": get_digests(run),
        "headline": describe_headline(run),
        "main_arm": main_arm,
        "tiles": _make_tiles(run),
    }


def _make_tiles(run: Run) -> list[dict]:
    """Return the sizes of the run: `label, value, note`."""
    tiles = [
        {"label": "usable photos", "value": numbers.count(len(run.samples)), "note": None},
        {"label": "captions", "value": numbers.count(len(run.keywords)), "note": None},
        {
            "label": "accepted pairs",
            "value": numbers.count(len(run.pairs)),
            "note": f"{numbers.percent(scores.share_accepted(run))} of the objects removed",
        },
    ]
    timing, _ = read_benchmarks(run)
    if timing:
        total = sum(row["seconds"] for row in timing)
        tiles.append(
            {"label": "time of all jobs", "value": numbers.duration(total), "note": "one after the other"}
        )
    return tiles
