"""Figures of the page and of the paper."""

import re

import numpy as np

from unscene.report import figures
from unscene.report.page import TEMPLATES
from unscene.report.sections import PAGE


def test_figures_take_their_colours_from_the_page(built):
    _, _, page = built
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert "var(--series)" in drawn and "var(--accent)" in drawn
    assert not re.search(r"#[0-9a-f]{6}\b", drawn)
    assert "DejaVu" not in drawn


def test_figures_survive_extremes():
    assert figures.draw_distributions([]) == []
    one = {"name": "seam", "values": np.array([1e-9, 2.0, 1e9]), "bounds": {"min": 1e-12}}
    assert len(figures.draw_distributions([one])) == 1
    assert len(figures.draw_distributions([one] * 5)) == 2
    svg = figures.draw_arms(["a"], {"group_score": {"a": {"mean": 0.2, "low": np.nan, "high": np.nan}}}, "a")
    assert svg.startswith("<svg class=") and svg.endswith("</svg>")


def test_figures_for_a_paper_have_the_light_colours_of_the_page(tmp_path):
    drawing = figures.Drawing(
        "dot", 60, lambda figure: figure.subplots().plot([0], [0], "o", color=figures.GOOD)
    )
    for name in ("one.pdf", "two.pdf"):
        drawing.save_pdf(tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert "var(--good)" in drawing.to_svg() and "#" not in drawing.to_svg().replace('href="#', "").replace(
        "url(#", ""
    )
    light = (TEMPLATES / PAGE).read_text().split(":root {")[1].split("}")[0]
    assert all(f"--{name}: {colour};" in light for name, colour in figures.ON_PAPER.items())
