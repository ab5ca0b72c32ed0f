"""What the report says of the arms' scores: claims, the verdict, thresholds, metrics by kind."""

import numpy as np
import pytest

from fake_run import ARMS
from unscene.quality.scores import SCORES
from unscene.report.scores import describe_scores, judge, list_arms, list_metrics, name_metric, write_verdict


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ((0.01, 0.2), "better"),
        ((-0.2, -0.01), "worse"),
        ((-0.1, 0.2), "no clear difference"),
        ((np.nan, 0.2), "not measured"),
        ((0.01, 0.2, 0.005, 0.3), "better"),
        ((0.01, 0.2, -0.1, 0.3), "no clear difference"),
        ((-0.2, -0.1, -0.4, 0.1), "no clear difference"),
        ((0.01, 0.2, np.nan, np.nan), "better"),
    ],
)
def test_claims_need_both_intervals(limits, outcome):
    assert judge(*limits) == outcome


def test_verdict_is_made_from_the_comparison(run):
    rows = run.comparison
    wanted = (rows["contrast"] == "paired_rank-originals") & (rows["metric"] == "group_score")
    columns = ["difference", "low", "high", "corrected_t_low", "corrected_t_high"]
    run.comparison.loc[wanted, columns] = [0.031, 0.011, 0.052, -0.02, 0.09]
    sentences = write_verdict(run, "paired_rank", 0.95)
    mean = run.summary.set_index(["arm", "metric"]).loc[("paired_rank", "group_score"), "mean"]
    assert f"{100 * mean:.1f}" in sentences[0] and f"{len(run.pairs)} held-out pairs" in sentences[0]
    assert sentences[1].startswith("It is better than zero_shot (+40.0 points")
    assert sentences[2] == (
        "There is no clear difference from originals (+3.1 points, +1.1 to +5.2 over these pairs, but "
        "\u22122.0 to +9.0 by the corrected t over folds)."
    )


def test_verdict_says_what_is_missing(run):
    run.comparison = run.comparison[run.comparison["contrast"] != "paired_rank-originals"]
    assert "comparison.csv has no such contrast" in write_verdict(run, "paired_rank", 0.95)[2]
    assert write_verdict(run, "lora", 0.95) == [
        "The group score of lora was not measured: summary.csv has no arm lora."
    ]


def test_scores_know_their_thresholds_and_nulls(run):
    scores = {
        row["name"]: row
        for row in describe_scores(run, {"max_seam": 0.4, "min_change": None, "min_clip_drop": 0})
    }
    assert scores["seam"]["passed"] == pytest.approx((run.scores["seam"] <= 0.4).mean())
    assert scores["change"]["bounds"] == {} and scores["change"]["passed"] is None
    assert (
        scores["clip_drop"]["nulls"] == len(run.scores)
        and scores["clip_drop"]["reason"] == "no real CLIP weights"
    )
    assert list(scores) == list(SCORES)


def test_arms_keep_the_order_of_the_summary(run, built):
    _, _, page = built
    assert list_arms(run) == list(ARMS)
    table = page[page.index("Pair scores by arm") :]
    assert [table.index(f'<th scope="row">{arm}</th>') for arm in ARMS] == sorted(
        table.index(f'<th scope="row">{arm}</th>') for arm in ARMS
    )


def test_metrics_are_sorted_by_kind(run):
    kinds = list_metrics(run)
    assert kinds["pair"] == ["text_score", "image_score", "group_score"]
    assert {"presence_auc", "wanted_at_10"} <= set(kinds["other"])
    assert not set(kinds["other"]) & {*kinds["pair"], *kinds["retrieval"]}
    assert [name_metric(name) for name in kinds["retrieval"][:3]] == [
        f"image to text R@{k}" for k in (1, 5, 10)
    ]
