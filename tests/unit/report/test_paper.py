"""The paper's assets: tables, pictures and a methods section, filled in from a run's tables."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from made_sets import GOOD, compare, make_all
from rule_figures import judge
from tiny_clip import make_pairs
from unscene.edits.removers import REMOVERS
from unscene.evaluation.columns.photos import CLASSES
from unscene.evaluation.columns.sweeps import SWEEPS
from unscene.machine.job import Job
from unscene.masks.detectors import DETECTORS
from unscene.report import paper
from unscene.report.methods import _describe_masks, _describe_quality
from unscene.report.write_paper import write_paper
from unscene.run.tables import write_json, write_table
from unscene.samples.readers import READERS


@pytest.fixture
def tiny_settings(checkout):
    """The blocks of the embedded default that the paper reads, with a main arm and half a dose of it."""
    config = yaml.safe_load((checkout / "config/config.yaml").read_text())
    blocks = ("words", "api", "samples", "keywords", "masks", "edits", "captions", "quality", "folds")
    settings = {key: config[key] for key in (*blocks, "train", "evaluate")}
    arm = config["train"]["arms"]["paired_rank_keep"]
    settings["train"]["arms"] = {"zero_shot": {}, "main": arm, "half": {**arm, "fraction": 0.5}}
    return {**settings, "deploy": {"arm": "main"}}


def test_latex_prints_what_the_text_says():
    assert paper.escape_latex("50 % of {a_b} & $3 #1 x^2 ~ \\ <") == (
        r"50 \% of \{a\_b\} \& \$3 \#1 x\textasciicircum{}2 \textasciitilde{} \textbackslash{} \textless{}"
    )
    table = paper.to_latex(pd.DataFrame({"arm": ["paired_rank"], "group": ["43.4 %"]}), "Scores_of", "tab:x")
    spread = paper.to_latex(pd.DataFrame({"arm": ["x"], "group score, of all": ["43 % (1 to 5)"]}), "s", "t")
    assert (
        r"\shortstack[r]{43 \%\\{\scriptsize 1 to 5}}" in spread
        and r"\shortstack{group score,\\of all}" in spread
    )
    assert r"paired\_rank & 43.4 \%" in table and r"\toprule" in table and r"Scores\_of" in table


def test_paper_is_filled_in_from_the_tables(tmp_path, tiny_settings):
    path_to_pairs, _ = make_pairs(tmp_path / "data", per_group=2)
    judge(tmp_path, compare(tmp_path, make_all(GOOD)))
    classes = pd.DataFrame(
        {
            "arm": ["zero_shot", "main"] * 2,
            "fold": 0,
            "seed": 0,
            "category": ["dog", "dog", "car", "car"],
            "absence_auc_bare": [0.4, 0.8, 0.5, 0.7],
        }
    )
    sweep = pd.DataFrame(
        {
            "arm": "main",
            "fold": 0,
            "seed": 0,
            "alpha": [0.0, 0.5, 1.0],
            "chosen": [False, True, False],
            "group_score": [0.2, 0.5, 0.6],
        }
    )
    for table, frame, name in ((CLASSES, classes, "classes"), (SWEEPS, sweep, "sweeps")):
        table.write(table.frame(frame.to_dict("records")).astype(object), tmp_path / f"{name}.parquet")
    unseen = {
        "arm": "main",
        "metric": "group_score",
        "unseen": 0.4,
        "seen": 0.6,
        "zero_shot": 0.2,
        "n": 24,
        "classes": 3,
    }
    unseen |= {f"minus_seen{end}": value for end, value in (("", -0.2), ("_low", -0.3), ("_high", -0.1))}
    unseen |= {f"minus_zero_shot{end}": value for end, value in (("", 0.2), ("_low", 0.1), ("_high", 0.3))}
    pd.DataFrame([unseen]).to_csv(tmp_path / "unseen.csv", index=False)
    write_json({"photos_in_evaluation_sets": 5, "pairs_kept_out_of_training": 4}, tmp_path / "check.json")
    (tmp_path / "retrieval.png").write_bytes(b"a picture")
    names = (
        *("summary.csv", "comparison.csv", "classes.parquet", "check.json", "verdict.json"),
        *("sweeps.parquet", "unseen.csv", "retrieval.png"),
    )
    tiny_settings["folds"]["leak_guards"] = [{"name": "beaf", "ids": "beaf.json"}]
    tiny_settings["train"] |= {"inner_share": 0.1, "class_folds": ["main"], "true_negations": 0.15}
    tiny_settings["evaluate"]["alphas"] = [0, 0.5, 1]
    captions = pd.read_parquet(path_to_pairs)[["edit_id"]].assign(source="gpt-6-luna", status="ok")
    captions.loc[:0, "source"] = "grammar_fallback"
    write_table(captions, tmp_path / "captions.parquet")
    names += ("captions.parquet",)
    inputs = {"pairs": path_to_pairs, **{name.split(".")[0]: tmp_path / name for name in names}}
    weights = {"masks": {"weights": "models/yolo.pt"}, "edits": {"weights": None}}
    weights |= {"quality": {"judge": "models/judge"}, "train": {"clip": "models/my-clip"}}
    for block in (
        "masks",
        "edits",
        "quality",
        "train",
    ):  # a lineage knows that there is a file, not where
        tiny_settings[block] |= {key: value is not None for key, value in weights[block].items()}
    write_paper(Job(inputs, {"folder": tmp_path / "paper"}, tiny_settings, config=weights))
    written = {path.name for path in (tmp_path / "paper").iterdir()}
    assert written == {
        "arms.csv",
        "arms.md",
        "arms.tex",
        "contrasts.csv",
        "contrasts.md",
        "contrasts.tex",
        "figures.csv",
        "figures.md",
        "figures.tex",
        "methods.md",
        "methods.tex",
        "paper.tex",
        "references.bib",
        "forest.pdf",
        "decomposition.pdf",
        "classes-absence_auc_bare.pdf",
        "wise-ft.pdf",
        "dose.pdf",
        "retrieval.png",
        *(
            f"{name}.{kind}"
            for name in ("wise_ft", "unseen_classes", "shams")
            for kind in ("csv", "md", "tex")
        ),
    }
    methods = (tmp_path / "paper/methods.md").read_text()
    pairs = len(pd.read_parquet(path_to_pairs))
    assert (
        f"{pairs} pairs" in methods
        and "main-zero_shot: +30.0 points" in methods
        and "The pass rule holds" in methods
    )
    for said in (
        "A segmentation model (yolo.pt;",
        "weights my-clip.",
        "judge judged each edit",
        "the model gpt-6-luna (",
        "the offline grammar, in place of a model's answer (",
        "true negation of another object with probability 0.15",
        "α = 0, 0.5, 1",
        "at most 1.0 point",
        "10\u202f% of the photo groups",
        "main was also trained without any removal",
        "5 photos are in one of the guarded evaluation sets (beaf)",
        "4 pairs, were tested on",
    ):
        assert said in methods, said
    cited = set(re.findall(r"@(\w+)", methods))
    written_entries = re.findall(r"^@\w+\{(\w+),", (tmp_path / "paper/references.bib").read_text(), re.M)
    assert cited and cited <= set(written_entries)
    section = (tmp_path / "paper/methods.tex").read_text()
    assert r"\citep{thrush2022winoground}" in section and "[@" not in section
    swept = pd.read_csv(tmp_path / "paper/wise_ft.csv").iloc[0]
    assert swept["chosen α (times)"] == "0.5 (1)" and swept["group score, chosen α"].startswith("50.0")
    assert "−20.0 (−30.0 to −10.0)" in (tmp_path / "paper/unseen_classes.md").read_text()
    assert methods.startswith("**Simulated.**")
    assert r"\paragraph{Data.}" in (tmp_path / "paper/methods.tex").read_text()
    assert "+30.0" in (tmp_path / "paper/contrasts.md").read_text()


def test_what_a_paper_cites_stands_in_the_references(checkout):
    """Removers, detectors and readers say themselves how they are cited."""
    entries = [*REMOVERS.values(), *DETECTORS.values()]
    told = " ".join([*(one.method for one in entries), *(one.cited for one in READERS.values())])
    keys = set(re.findall(r"\[@(\w+)\]", told))
    references = (checkout / "src/unscene/resources/references.bib").read_text()
    assert len(keys) > 4 and keys <= set(re.findall(r"^@\w+\{(\w+),", references, re.M))


def test_a_paper_cites_the_detector_that_ran():
    masks = dict.fromkeys(("image_size", "dilation_px", "edits_per_photo"), 1)
    masks |= dict.fromkeys(("target_confidence", "collect_confidence", "min_area", "max_area"), 0.5)
    found = SimpleNamespace(weights={"masks.weights": "rf-detr"}, detector="")
    assert "A segmentation model (rf-detr) ran" in _describe_masks(masks, found)
    found.detector = DETECTORS["ultralytics"].method
    assert "(rf-detr; YOLO weights" in _describe_masks(masks, found)


@pytest.mark.parametrize(
    ("policy", "limits", "further"),
    [
        ("fixed", "max residual 0.3, max listed left 0", "."),
        ("calibrated", "max listed left 0", ", and of the other scores the cut"),
        ("certified", "max listed left 0", ", and a learned head"),
    ],
)
def test_a_paper_tells_the_limits_that_the_policy_kept(policy, limits, further):
    """Only the fixed policy takes all thresholds from the config; the others its invariants."""
    quality = {"policy": policy, "controls": 40, "thresholds": {"max_residual": 0.3, "max_listed_left": 0}}
    told = _describe_quality(quality | {"thresholds": quality["thresholds"] | {"max_seam": None}}, {})
    start = f"(policy {policy}: "
    assert start in told and told.split(start)[1].startswith(f"{limits}){further}"), told
