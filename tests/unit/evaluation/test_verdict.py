"""External sets, the verdict and the paper's assets, on made-up tables."""

import json

import numpy as np
import pandas as pd
import pytest

from unscene.evaluation.columns import CLASSES, SET_ITEMS, SWEEPS
from unscene.evaluation.pass_rule import FAILS, HOLDS, NOT_DECIDED, PRIMARY, PRIMARY_METRIC, judge_primary
from unscene.evaluation.set_comparison import compare_arms_on_sets, list_values
from unscene.evaluation.sets.formats import FORMATS
from unscene.evaluation.verdict import apply_pass_rule
from unscene.machine.job import Job
from unscene.report import paper
from unscene.report.write_paper import write_paper
from unscene.run.tables import write_json, write_table

SETTINGS = {"bootstrap_draws": 300, "confidence": 0.95}
SETS = [
    {"name": "mcq", "format": "coco_mcq"},
    {"name": "neg", "format": "negbench_retrieval"},
    {"name": "coco", "format": "coco_retrieval"},
    {"name": "imagenet", "format": "class_folders"},
    {"name": "beaf", "format": "beaf"},
]


def make_choices(model, rates, models=3, items=120):
    """Item rows of a choice set: kind k is right with probability rates[k], by every model alike
    but for one item in ten.
    """
    rng = np.random.default_rng(5)
    kind = rng.choice(list(rates), items)
    base = rng.random(items) < np.array([rates[name] for name in kind])
    rows = [
        pd.DataFrame(
            {
                "model": model,
                "fold": fold if models > 1 else None,
                "seed": 0,
                "item": [f"q{i}" for i in range(items)],
                "kind": kind,
                "correct": base ^ (rng.random(items) < 0.1),
            }
        )
        for fold in range(models)
    ]
    return pd.concat(rows, ignore_index=True)


def make_ranks(model, share, models=3, photos=80):
    rng = np.random.default_rng(6)
    rows = []
    for fold in range(models):
        for way in ("image_to_text", "text_to_image"):
            rank = np.where(rng.random(photos) < share, 0, 20)
            rows.append(
                pd.DataFrame(
                    {"model": model, "fold": fold, "seed": 0, "item": range(photos), "way": way, "rank": rank}
                )
            )
    return pd.concat(rows, ignore_index=True)


def make_removals(model, understood, changed, models=3, items=80):
    rng = np.random.default_rng(7)
    rows = []
    for fold in range(models):
        removed = np.arange(items) % 2 == 0
        after = np.where(removed, rng.random(items) >= understood, rng.random(items) >= changed)
        rows.append(
            pd.DataFrame(
                {
                    "model": model,
                    "fold": fold,
                    "seed": 0,
                    "item": range(items),
                    "removed": removed,
                    "removable": removed,
                    "before": True,
                    "after": after,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def write_sets(folder, tables):
    """Write {(set, model): item rows} as evaluate_set does; return the paths of metrics and items."""
    formats = {entry["name"]: entry["format"] for entry in SETS}
    paths = []
    for (name, model), item in tables.items():
        stem = folder / f"{name}-{model}"
        write_json({"set": name, "format": formats[name], "model": model}, f"{stem}.json")
        table = SET_ITEMS[FORMATS[formats[name]].task]
        whole = item.astype({"item": str}).reindex(columns=table.names).astype(object)
        table.write(whole.where(whole.notna(), None), f"{stem}.items.parquet")
        paths.append((f"{stem}.json", f"{stem}.items.parquet"))
    return [one for one, _ in paths], [other for _, other in paths]


def compare(folder, tables):
    metrics, items = write_sets(folder, tables)
    settings = {"seed": 7, "evaluate": {**SETTINGS, "sets": SETS}, "deploy": {"arm": "main"}}
    inputs = {"metrics": metrics, "item_tables": items}
    compare_arms_on_sets(Job(inputs, {"comparison": folder / "sets.csv"}, settings))
    return pd.read_csv(folder / "sets.csv")


def make_all(main):
    """Every set, with `main` = dict of shares for the main arm; the others know little."""
    low = {"a": 0.3, "b": 0.3}
    tables = {("mcq", "zero_shot"): make_choices("zero_shot", low, models=1)}
    tables["mcq", "main"] = make_choices("main", main["mcq"])
    for name in ("neg", "coco"):
        tables |= {(name, arm): make_ranks(arm, 0.4) for arm in ("zero_shot", "originals")}
        tables[name, "main"] = make_ranks("main", main[name])
    for arm, share in (("zero_shot", 0.5), ("originals", 0.5), ("main", main["imagenet"])):
        tables["imagenet", arm] = make_choices(arm, {"a": share}).drop(columns="kind")
    tables["beaf", "zero_shot"] = make_removals("zero_shot", 0.2, 0.0)
    tables["beaf", "main"] = make_removals("main", main["understood"], main["changed"])
    return tables


GOOD = {
    "mcq": {"a": 0.8, "b": 0.8},
    "neg": 0.9,
    "coco": 0.95,
    "imagenet": 0.95,
    "understood": 0.9,
    "changed": 0.0,
}


def write_comparison(path, holm=0.01):
    rows = [
        (f"main-{other}", "group_score", 0.3, 0.2, 0.4, 0.001, 200, True, holm, 0.1, 0.5, 0.01, 0.02, 0.1)
        for other in ("zero_shot", "originals", "random")
    ]
    columns = [
        "contrast",
        "metric",
        "difference",
        "low",
        "high",
        "p",
        "n",
        "is_primary",
        "holm_p",
        "corrected_t_low",
        "corrected_t_high",
        "corrected_t_p",
        "mcnemar_p",
        "detectable",
    ]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


def write_summary(path, shams=(0.1, 0.1)):
    rows = [
        (arm, metric, value, value - 0.05, value + 0.05, 3)
        for arm, sham, score in (
            ("zero_shot", shams[0], 0.2),
            ("main", shams[1], 0.5),
            ("half", shams[1], 0.4),
        )
        for metric, value in (("sham_flip_rate", sham), ("group_score", score), ("interaction", score / 10))
    ]
    pd.DataFrame(rows, columns=["arm", "metric", "mean", "low", "high", "n"]).to_csv(path, index=False)


def judge(folder, sets, **files):
    write_comparison(folder / "comparison.csv", files.get("holm", 0.01))
    write_summary(folder / "summary.csv", files.get("shams", (0.1, 0.1)))
    sets.to_csv(folder / "judged.csv", index=False)
    inputs = {"comparison": "comparison.csv", "sets": "judged.csv", "summary": "summary.csv"}
    inputs = {name: folder / file for name, file in inputs.items()}
    apply_pass_rule(Job(inputs, {"verdict": folder / "verdict.json"}, {"deploy": {"arm": "main"}}))
    return json.loads((folder / "verdict.json").read_text())


def test_values_of_each_kind_of_set():
    values = list_values("choices", make_choices("main", GOOD["mcq"]))
    assert set(values["metric"]) == {"accuracy", "accuracy_a", "accuracy_b"}
    assert len(values[values["metric"] == "accuracy"]) == 3 * 120
    ranks = list_values("retrieval", make_ranks("main", 1.0))
    assert set(ranks["metric"]) == {
        f"{way}_recall_at_{k}" for way in ("image_to_text", "text_to_image") for k in (1, 5, 10)
    }
    assert (ranks["value"] == 1).all()
    removals = list_values("removals", make_removals("main", 1.0, 0.0))
    assert removals.groupby("metric")["value"].mean().to_dict() == {
        "indecision": 0.0,
        "true_understanding": 1.0,
    }
    assert set(list_values("classes", make_choices("m", {"a": 1.0}).drop(columns="kind"))["metric"]) == {
        "top1"
    }
    assert list_values("objects", pd.DataFrame({"fold": [0], "seed": [0], "kind": ["class"]})).empty


def test_contrast_is_the_difference_of_means_over_items_and_models(tmp_path):
    tables = make_all(GOOD)
    sets = compare(tmp_path, tables).set_index(["set", "contrast", "metric"])
    row = sets.loc[("mcq", "main-zero_shot", "accuracy")]
    expected = tables["mcq", "main"]["correct"].mean() - tables["mcq", "zero_shot"]["correct"].mean()
    assert (
        row["difference"] == pytest.approx(expected, abs=1e-6)
        and row["low"] < row["difference"] < row["high"]
    )
    assert (row["n"], row["models"], row["models_reference"], row["role"]) == (120, 3, 1, "mcq")
    assert ("mcq", "main-originals", "accuracy") not in sets.index  # not tested there


def test_verdict_holds_fails_and_is_not_decided(tmp_path):
    sets = compare(tmp_path, make_all(GOOD))
    good = judge(tmp_path, sets)
    assert good["verdict"] == HOLDS and not good["not_measured"] and len(good["parts"]) == 8
    assert judge(tmp_path, sets, holm=0.2)["verdict"] == FAILS
    sham = judge(tmp_path, sets, shams=(0.1, 0.2))
    assert sham["verdict"] == FAILS and "sham edits" in sham["sentence"]
    partly = judge(tmp_path, sets[sets["set"] != "beaf"])
    assert partly["verdict"] == NOT_DECIDED
    assert partly["not_measured"] == ["removals, understanding", "removals, indecision"]
    nothing = judge(tmp_path, sets.iloc[:0], shams=(np.nan, np.nan))
    assert nothing["verdict"] == NOT_DECIDED and len(nothing["not_measured"]) == 7


@pytest.mark.parametrize(
    "worse, part",
    [
        ({"mcq": {"a": 1.0, "b": 0.1}}, "multiple choice, types"),
        ({"mcq": {"a": 0.3, "b": 0.3}}, "multiple choice, total"),
        ({"neg": 0.3}, "negated retrieval"),
        ({"coco": 0.2}, "nothing forgotten"),
        ({"imagenet": 0.2}, "nothing forgotten"),
        ({"understood": 0.1}, "removals, understanding"),
        ({"changed": 0.5}, "removals, indecision"),
    ],
)
def test_each_part_can_fail(tmp_path, worse, part):
    verdict = judge(tmp_path, compare(tmp_path, make_all(GOOD | worse)))
    assert verdict["verdict"] == FAILS
    assert part in [row["name"] for row in verdict["parts"] if row["status"] == FAILS]


def write_row(role, metric, difference=0.3, low=0.2, reference="zero_shot"):
    """A row of sets.csv that holds, unless its values say otherwise."""
    return {
        "set": role,
        "format": "",
        "role": role,
        "contrast": f"main-{reference}",
        "metric": metric,
        "difference": difference,
        "low": low,
    }


RECALLS = ("image_to_text_recall_at_1", "text_to_image_recall_at_1")
HOLDING = {
    "total": write_row("mcq", "accuracy"),
    "type": write_row("mcq", "accuracy_hybrid"),
    "negated": write_row("negated_retrieval", "text_to_image_recall_at_5"),
    "understanding": write_row("removal", "true_understanding"),
    "indecision": write_row("removal", "indecision", difference=0.0),
    "classes": write_row("zero_shot", "top1"),
    **{
        f"{metric} against {reference}": write_row("retrieval", metric, reference=reference)
        for metric in RECALLS
        for reference in ("zero_shot", "originals")
    },
}
# Of each documented cut: the part, the row, its column, and values that hold and that fail, next to
# the cut and at it.
CUTS = [
    ("multiple choice, total", "total", "low", [1e-6], [0.0, -1e-6]),
    ("multiple choice, types", "type", "difference", [-0.0199, -0.02], [-0.0201]),
    ("negated retrieval", "negated", "low", [1e-6], [0.0, -1e-6]),
    ("removals, understanding", "understanding", "low", [1e-6], [0.0, -1e-6]),
    ("removals, indecision", "indecision", "difference", [0.0199, 0.02], [0.0201]),
    ("nothing forgotten", "classes", "low", [-0.0099], [-0.01, -0.0101]),
    *(
        ("nothing forgotten", f"{metric} against {reference}", "low", [-0.0099], [-0.01, -0.0101])
        for metric in RECALLS
        for reference in ("zero_shot", "originals")
    ),
]


@pytest.mark.parametrize(("part", "row", "column", "holding", "failing"), CUTS)
def test_each_cut_of_the_pass_rule_below_at_and_above(tmp_path, part, row, column, holding, failing):
    for values, status in ((holding, HOLDS), (failing, FAILS)):
        for value in values:
            rows = {**HOLDING, row: HOLDING[row] | {column: value}}
            verdict = judge(tmp_path, pd.DataFrame(rows.values()))
            assert verdict["verdict"] == status, (value, verdict["sentence"])
            others = {one["name"]: one["status"] for one in verdict["parts"]}
            assert others.pop(part) == status and set(others.values()) == {HOLDS}


@pytest.mark.parametrize(("rate", "status"), [(0.1199, HOLDS), (0.12, HOLDS), (0.1201, FAILS)])
def test_sham_flips_may_rise_by_two_points(tmp_path, rate, status):
    verdict = judge(tmp_path, pd.DataFrame(HOLDING.values()), shams=(0.1, rate))
    assert {part["name"]: part["status"] for part in verdict["parts"]}["sham edits"] == status


@pytest.mark.parametrize("reference", ["zero_shot", "originals", "random"])
@pytest.mark.parametrize(
    ("column", "holding", "failing"),
    [
        ("holm_p", [0.0499], [0.05, 0.0501]),
        ("low", [1e-6], [0.0, -1e-6]),
        ("difference", [1e-6], [0.0, -1e-6]),
    ],
)
def test_the_main_arm_is_above_each_of_the_three_by_both_tests(tmp_path, reference, column, holding, failing):
    for values, status in ((holding, HOLDS), (failing, FAILS)):
        for value in values:
            write_comparison(tmp_path / "c.csv")
            comparison = pd.read_csv(tmp_path / "c.csv")
            comparison.loc[comparison["contrast"] == f"main-{reference}", column] = value
            assert judge_primary(comparison, "main", PRIMARY).status == status, value


def test_the_primary_family_is_of_three():
    assert PRIMARY == ["zero_shot", "originals", "random"] and PRIMARY_METRIC == "group_score"


def test_latex_prints_what_the_text_says():
    assert paper.escape_latex("50 % of {a_b} & $3 #1 x^2 ~ \\ <") == (
        r"50 \% of \{a\_b\} \& \$3 \#1 x\textasciicircum{}2 \textasciitilde{} \textbackslash{} \textless{}"
    )
    table = paper.to_latex(pd.DataFrame({"arm": ["paired_rank"], "group": ["43.4 %"]}), "Scores_of", "tab:x")
    assert r"paired\_rank & 43.4 \%" in table and r"\toprule" in table and r"Scores\_of" in table


def test_paper_is_filled_in_from_the_tables(tmp_path, tiny_settings):
    from tiny_clip import make_pairs

    path_to_pairs, _ = make_pairs(tmp_path / "data", per_group=2)
    judge(tmp_path, compare(tmp_path, make_all(GOOD)))
    classes = pd.DataFrame(
        {
            "arm": ["zero_shot", "main"] * 2,
            "fold": 0,
            "seed": 0,
            "category": ["dog", "dog", "car", "car"],
            "absence_auc": [0.4, 0.8, 0.5, 0.7],
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
    write_paper(Job(inputs, {"folder": tmp_path / "paper"}, tiny_settings))
    written = {path.name for path in (tmp_path / "paper").iterdir()}
    assert written == {
        "arms.csv",
        "arms.md",
        "arms.tex",
        "contrasts.csv",
        "contrasts.md",
        "contrasts.tex",
        "methods.md",
        "methods.tex",
        "forest.pdf",
        "decomposition.pdf",
        "classes-absence_auc.pdf",
        "wise-ft.pdf",
        "dose.pdf",
        "retrieval.png",
        *(
            f"{name}.{kind}"
            for name in ("wise_ft", "unseen_classes", "shortcuts")
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
    swept = pd.read_csv(tmp_path / "paper/wise_ft.csv").iloc[0]
    assert swept["chosen α (times)"] == "0.5 (1)" and swept["group score, chosen α"].startswith("50.0")
    assert "−20.0 (−30.0 to −10.0)" in (tmp_path / "paper/unseen_classes.md").read_text()
    assert methods.startswith("**Simulated.**")
    assert r"\paragraph{Data.}" in (tmp_path / "paper/methods.tex").read_text()
    assert "+30.0" in (tmp_path / "paper/contrasts.md").read_text()


@pytest.fixture
def tiny_settings(checkout):
    """The blocks of the embedded default that the paper reads, with a main arm and half a dose of it."""
    import yaml

    config = yaml.safe_load((checkout / "config/config.yaml").read_text())
    settings = {key: config[key] for key in ("samples", "folds", "train", "evaluate")}
    arm = config["train"]["arms"]["paired_rank"]
    settings["train"]["arms"] = {"zero_shot": {}, "main": arm, "half": {**arm, "fraction": 0.5}}
    return {**settings, "deploy": {"arm": "main"}}
