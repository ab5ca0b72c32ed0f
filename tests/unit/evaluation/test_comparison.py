"""Contrasts of arms: the difference that is there, its interval, its family."""

import numpy as np
import pandas as pd
import pytest

from evaluated_arms import compare, evaluate, write_arm
from tiny_clip import write_meta
from unscene.evaluation.columns.photos import PHOTO_VALUES
from unscene.evaluation.columns.shams import SHAMS
from unscene.evaluation.comparison import list_contrasts
from unscene.run.tables import TableError, read_json, read_table, write_json, write_table


def test_sham_metrics_are_summarised_where_there_are_some(tmp_path):
    hits = np.arange(60) % 2 == 0
    paths = [*write_arm(tmp_path, "zero_shot", hits), *write_arm(tmp_path, "paired", hits)]
    _, without, _ = compare(tmp_path, paths)
    found = without.set_index(["arm", "metric"])["mean"]
    assert found[("paired", "sham_flip_rate")] != found[("paired", "sham_flip_rate")]  # null
    shams = []
    for path, _ in paths:
        run = {key: read_json(path)[key] for key in ("arm", "fold", "seed")}
        shams.append(path.replace(".json", ".shams.json"))
        write_json({**run, "sham_flip_rate": 0.1 * run["fold"], "n_shams": 5}, shams[-1])
    _, with_shams, _ = compare(tmp_path, paths, shams)
    assert with_shams["metric"].tolist() == without["metric"].tolist()
    row = with_shams.set_index(["arm", "metric"]).loc[("paired", "sham_flip_rate")]
    assert row["mean"] == pytest.approx(0.1) and row["n"] == 3


def test_what_is_evaluated_is_compared_with_chance_and_with_each_reference(world, tmp_path):
    """The files of evaluate_clip as they are; the same model in all places, so nothing differs."""
    meta = write_meta(world[0], fold=0)
    # Somebody who looked: what is not on these photos is known.
    photo = read_table(world[1]["photos"])
    write_table(photo.assign(unknown=[[] for _ in photo.index]), tmp_path / "seen.parquet")
    paths, tables = [], []
    for arm in ("zero_shot", "paired"):
        for fold in range(2):
            model = meta if arm == "paired" else None
            written = evaluate(world, tmp_path, arm, fold, model=model, photos=tmp_path / "seen.parquet")
            paths.append((written.metrics, written.item_table))
            tables.append(written.photo_table)
    _, summary, comparison = compare(tmp_path, paths, photo_tables=tables)
    found = comparison.set_index(["contrast", "metric"])
    assert found.loc[("paired-zero_shot", "group_score"), "difference"] == 0
    excess = summary.set_index(["arm", "metric"]).loc[("paired", "placebo_excess"), "mean"]
    chance = found.loc[("paired-chance", "placebo_excess")]
    assert chance["difference"] == pytest.approx(excess, abs=0.02) and np.isfinite(chance["low"])
    groups = read_json(meta)["groups"]
    tested = [read_json(path)["n_groups"] for path, _ in paths[2:]]
    assert found["test_to_train"].iloc[0] == pytest.approx(np.mean(tested) / groups, abs=1e-5)


def write_shams(folder, arm, told, flips, folds=3):
    """Write sham edits as evaluate_sham does: told rightly on the original, and wrongly on the sham edit."""
    rows = np.arange(len(told))
    item = pd.DataFrame({"edit_id": [f"s{i}" for i in rows], "arm": arm, "seed": 0, "fold": rows % folds})
    item = item.reindex(columns=SHAMS.names).assign(group=[f"g{i}" for i in rows])
    item["sham_flip"] = pd.array(flips, dtype="boolean")
    item["sham_flip"] = item["sham_flip"].where(told)
    paths = []
    for fold in range(folds):
        paths.append(folder / f"{arm}-{fold}.shams.parquet")
        SHAMS.write(item[item["fold"] == fold], paths[-1])
    return paths


def test_sham_flips_are_compared_with_an_interval(tmp_path):
    """A rate is of what is told rightly, which differs from arm to arm: no mean of differences."""
    rng = np.random.default_rng(2)
    hits = np.arange(60) % 2 == 0
    paths = [*write_arm(tmp_path, "zero_shot", hits), *write_arm(tmp_path, "paired", hits)]
    told = {arm: rng.random(300) < share for arm, share in (("zero_shot", 0.6), ("paired", 0.9))}
    flips = {arm: rng.random(300) < share for arm, share in (("zero_shot", 0.1), ("paired", 0.3))}
    tables = [path for arm in told for path in write_shams(tmp_path, arm, told[arm], flips[arm])]
    _, _, comparison = compare(tmp_path, paths, sham_tables=tables)
    row = comparison.set_index(["contrast", "metric"]).loc[("paired-zero_shot", "sham_flip_rate")]
    rates = {
        arm: np.mean([flips[arm][fold::3][told[arm][fold::3]].mean() for fold in range(3)]) for arm in told
    }
    assert row["difference"] == pytest.approx(rates["paired"] - rates["zero_shot"], abs=1e-6)
    spread = [rate * (1 - rate) / told[arm].sum() for arm, rate in (("zero_shot", 0.1), ("paired", 0.3))]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * np.sqrt(sum(spread)), rel=0.2)
    assert row["n"] == 300 and row["corrected_t_low"] < row["difference"]


def test_untouched_photos_are_compared_by_the_values_that_they_have(tmp_path):
    rng = np.random.default_rng(3)
    hits = np.arange(60) % 2 == 0
    paths = [*write_arm(tmp_path, "zero_shot", hits), *write_arm(tmp_path, "paired", hits)]
    tables, means = [], {}
    for arm, area in (("zero_shot", 0.4), ("paired", 0.8)):
        rows = [
            {"arm": arm, "fold": at % 3, "seed": 0, "image_id": f"p{at}", "group": f"g{at}", "metric": metric}
            for at in range(300)
            for metric in ("absence_auc_known", "presence_auc")
        ]
        frame = pd.DataFrame(rows).assign(value=rng.normal(area, 0.5, len(rows)))
        means[arm] = frame[frame["metric"] == "absence_auc_known"]["value"].mean()
        for fold in range(3):
            tables.append(tmp_path / f"{arm}-{fold}.photos.parquet")
            PHOTO_VALUES.write(frame[frame["fold"] == fold], tables[-1])
    _, _, comparison = compare(tmp_path, paths, photo_tables=tables)
    found = comparison.set_index(["contrast", "metric"])
    row = found.loc[("paired-zero_shot", "absence_auc_known")]
    assert row["difference"] == pytest.approx(means["paired"] - means["zero_shot"], abs=1e-5)
    assert row["low"] < row["difference"] < row["high"] and row["n"] == 300
    chance = found.loc[("paired-chance", "absence_auc_known")]
    assert chance["difference"] == pytest.approx(means["paired"] - 0.5, abs=1e-5)
    assert ("paired-chance", "presence_auc") not in found.index


def test_comparison_finds_the_difference_that_is_there(tmp_path):
    rng = np.random.default_rng(0)
    base, better = rng.random(120) < 0.2, rng.random(120) < 0.7
    paths = [*write_arm(tmp_path, "zero_shot", base), *write_arm(tmp_path, "originals", base)]
    item, summary, comparison = compare(tmp_path, paths + write_arm(tmp_path, "paired", better))
    assert len(item) == 360
    row = comparison.set_index(["contrast", "metric"]).loc[("paired-zero_shot", "group_score")]
    assert row["difference"] == pytest.approx(better.mean() - base.mean(), abs=1e-6)
    assert 0 < row["low"] < row["difference"] < row["high"] and row["p"] < 0.01
    assert (row["n"], row["folds"], row["groups"]) == (120, 3, 60)
    same = comparison.set_index(["contrast", "metric"]).loc[("originals-zero_shot", "group_score")]
    assert (same["difference"], same["p"], same["corrected_t_p"]) == (0, 1, 1)
    recall = comparison.set_index(["contrast", "metric"]).loc[
        ("paired-zero_shot", "pair_image_to_text_recall_at_5")
    ]
    assert recall["difference"] == pytest.approx(row["difference"])
    held_out = comparison[comparison["metric"] == "group_score_held_out_phrasing"]
    assert held_out["difference"].isna().all() and (held_out["n"] == 0).all()
    line = summary.set_index(["arm", "metric"]).loc[("paired", "group_score")]
    assert line["mean"] == pytest.approx(better.mean(), abs=1e-6) and line["n"] == 3
    assert not summary["metric"].str.startswith("n_").any()


def test_seeds_are_averaged_and_count_once(tmp_path):
    base, one, two = np.zeros(60, bool), np.ones(60, bool), np.zeros(60, bool)
    paths = [path for seed in (0, 1) for path in write_arm(tmp_path, "zero_shot", base, seed)]
    paths += write_arm(tmp_path, "paired", one, 0) + write_arm(tmp_path, "paired", two, 1)
    _, summary, comparison = compare(tmp_path, paths)
    row = comparison[comparison["metric"] == "group_score"].iloc[0]
    assert (row["difference"], row["n"]) == (0.5, 60)
    assert summary.set_index(["arm", "metric"]).loc[("paired", "group_score"), "n"] == 3


def test_mcnemar_looks_at_one_seed_since_a_mean_is_no_yes_or_no(tmp_path):
    """Two seeds that err on other pairs are as good as the reference, whose one model erred on the
    same share.
    """
    one, two = np.arange(60) % 3 > 0, np.arange(60) % 3 < 2
    paths = [path for seed in (0, 1) for path in write_arm(tmp_path, "zero_shot", one, seed)]
    paths += write_arm(tmp_path, "paired", one, 0) + write_arm(tmp_path, "paired", two, 1)
    _, _, comparison = compare(tmp_path, paths)
    assert comparison.loc[comparison["metric"] == "group_score", "mcnemar_p"].tolist() == [1.0]


def test_arms_tested_on_other_pairs_are_refused(tmp_path):
    paths = write_arm(tmp_path, "zero_shot", np.ones(60)) + write_arm(tmp_path, "paired", np.ones(57))
    with pytest.raises(TableError, match="other items"):
        compare(tmp_path, paths)


def test_contrasts_of_the_default_arms():
    arms = ["zero_shot", "originals", "random", "paired", "paired_rank"]
    names = [f"{a}-{b}" for a, b in list_contrasts(arms, "paired_rank")]
    assert names == [
        "originals-zero_shot",
        "random-zero_shot",
        "paired-zero_shot",
        "paired_rank-zero_shot",
        "random-originals",
        "paired-originals",
        "paired_rank-originals",
        "paired-random",
        "paired_rank-paired",
        "paired_rank-random",
    ]
    assert list_contrasts(["zero_shot"], "zero_shot") == []
    assert list_contrasts(["zero_shot", "paired"], "paired") == [("paired", "zero_shot")]


def test_primary_contrasts_are_adjusted_as_one_family(tmp_path):
    rng = np.random.default_rng(1)
    hits = {"zero_shot": 0.2, "originals": 0.25, "random": 0.5, "paired": 0.8}
    paths = [path for arm, p in hits.items() for path in write_arm(tmp_path, arm, rng.random(240) < p)]
    _, _, comparison = compare(tmp_path, paths)
    primary = comparison[comparison["is_primary"]].set_index("contrast")
    assert list(primary.index) == ["paired-zero_shot", "paired-originals", "paired-random"]
    assert (primary["metric"] == "group_score").all() and comparison["holm_p"].notna().sum() == 3
    assert (primary["holm_p"] >= primary["corrected_t_p"]).all()
    assert primary["holm_p"].min() == pytest.approx(3 * primary["corrected_t_p"].min(), rel=1e-4)
    assert primary.loc["paired-zero_shot", "mcnemar_p"] < 1e-6 and (primary["detectable"] > 0).all()
    assert comparison.loc[comparison["metric"] == "interaction", "mcnemar_p"].isna().all()
