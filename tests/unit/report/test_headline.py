"""The first figures: losses are said like gains, in words and colour, and nothing is claimed without
an interval.
"""

import json

import pandas as pd
import pytest

from fake_run import make_job, make_lineage, make_run
from unscene.report.headline import (
    EDITED,
    ORDINARY,
    list_rows,
    name_figure,
    tabulate,
    take_world,
    tell_changes,
)
from unscene.report.write_report import write_report

MAIN = "absence"
# metric: (main arm, untuned model, plain fine-tuning), and limits of main minus untuned: photos, trainings.
MADE_UP = {
    "absence_auc_known": ((0.82, 0.34, 0.36), (0.46, 0.50), (0.44, 0.52)),
    "affirmative_auc": ((0.80, 0.66, 0.65), (0.10, 0.18), (None, None)),
    "nonsense_auc": ((0.52, 0.16, 0.20), (0.30, 0.40), (0.30, 0.40)),
    "wanted_at_10": ((0.64, 0.30, 0.31), (0.30, 0.38), (0.28, 0.40)),
    "violation_at_10": ((0.08, 0.38, 0.37), (-0.33, -0.27), (-0.35, -0.25)),
    "text_to_image_recall_at_1": ((0.29, 0.31, 0.30), (-0.03, -0.01), (-0.04, -0.002)),
    "image_to_text_recall_at_1": ((0.30, 0.31, 0.30), (-0.02, -0.001), (-0.04, 0.02)),
    "group_score": ((0.50, 0.09, 0.10), (0.38, 0.44), (0.36, 0.46)),
    "group_score_without": ((0.439, 0.423, 0.43), (-0.017, 0.05), (-0.02, 0.06)),
    "caption_probe_auc": ((0.868, 0.749, 0.75), None, None),
    "placebo_shift": ((0.012, 0.003, 0.004), (0.006, 0.012), (0.005, 0.013)),
}


def make_tables(main=MAIN, made_up=MADE_UP):
    arms = (main, "zero_shot", "originals")
    summary = [
        {"arm": arm, "metric": metric, "mean": mean, "low": mean - 0.01, "high": mean + 0.01, "n": 3}
        for metric, (means, *_) in made_up.items()
        for arm, mean in zip(arms, means, strict=True)
    ]
    summary += [
        {"arm": arm, "metric": name, "mean": number, "low": None, "high": None, "n": 3}
        for arm in arms
        for name, number in (
            ("gallery_photos", 265.0),
            ("absence_probe_auc", 0.865 if arm == arms[1] else None),
        )
    ]
    comparison = [
        {
            "contrast": f"{main}-zero_shot",
            "metric": metric,
            "difference": means[0] - means[1],
            **dict(zip(("low", "high"), photos, strict=True)),
            **dict(zip(("corrected_t_low", "corrected_t_high"), trainings, strict=True)),
        }
        for metric, (means, photos, trainings) in made_up.items()
        if photos
    ]
    return pd.DataFrame(summary), pd.DataFrame(comparison)


@pytest.fixture
def outcome():
    rows = list_rows(*make_tables(), (*ORDINARY, *EDITED), MAIN)
    return {row.figure.metric: row.changes["zero_shot"]["outcome"] for row in rows}


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("absence_auc_known", "better"),
        ("affirmative_auc", "better"),  # no corrected t: the photos' interval alone
        ("violation_at_10", "better"),  # lower is better
        ("placebo_shift", "worse"),  # so a rise is a loss
        ("text_to_image_recall_at_1", "worse"),
        ("image_to_text_recall_at_1", "no clear difference"),  # the photos' interval alone would say worse
        ("group_score_without", "no clear difference"),
        ("caption_probe_auc", "no interval"),  # +11.9 points, and nothing says how sure that is
        ("nonsense_auc", "not judged"),
    ],
)
def test_what_a_figure_says(outcome, metric, said):
    assert outcome[metric] == said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"models": 3}, "no interval"),
        ({"models": 1}, "better"),
        ({"folds": 3, "test_to_train": 0.5}, "no interval"),
    ],
)
def test_several_trainings_without_a_test_over_them_claim_nothing(more, said):
    summary, comparison = make_tables()
    rows = list_rows(summary, comparison.assign(**more), ORDINARY, MAIN)
    (row,) = [row for row in rows if row.figure.metric == "affirmative_auc"]
    assert row.changes["zero_shot"]["outcome"] == said


def test_losses_come_first_and_are_named_with_their_intervals():
    told = tell_changes(list_rows(*make_tables(), (*ORDINARY, *EDITED), MAIN), MAIN)
    assert told[0].startswith("Worse than zero_shot: text to photo, recall at 1, of 265 −2.0 (−4.0 to −0.2)")
    assert "placebo" in told[0] and "absence" in told[1]
    assert "plain captions +1.6 (−2.0 to +6.0)" in told[2]
    assert told[3] == (
        "Without an interval nothing is claimed: captions told by a linear probe +11.9 (no interval)."
    )


def test_without_a_loss_that_is_said():
    kept = {name: MADE_UP[name] for name in ("absence_auc_known", "wanted_at_10")}
    told = tell_changes(list_rows(*make_tables(made_up=kept), ORDINARY, MAIN), MAIN)
    assert told[0] == "No figure of absence is shown to be worse than zero_shot."


def test_values_stand_beside_both_references():
    table = tabulate(list_rows(*make_tables(), ORDINARY, MAIN), MAIN).set_index("figure")
    row = table.loc[[name for name in table.index if name.startswith("absence of an object")][0]]
    assert row[MAIN] == "82.0 (81.0 to 83.0)" and row["zero_shot"].startswith("34.0")
    assert row["minus zero_shot"] == "+48.0 (+44.0 to +52.0)"
    assert row["minus originals"] == "+46.0 (no interval)"


def test_a_missing_arm_or_metric_is_no_row_and_no_claim():
    summary, comparison = make_tables()
    alone = list_rows(summary[summary["arm"] == MAIN], comparison, ORDINARY, MAIN)
    assert alone and all(row.changes == {} for row in alone)
    assert tell_changes(alone, MAIN) == []
    assert list_rows(summary.iloc[:0], comparison, ORDINARY, MAIN) == []


def make_world(main):
    """The same figures on a fresh world's sets; recalls come from the set of retrieval."""
    summary, comparison = make_tables(main)
    frames = []
    for frame, arm in ((summary, "model"), (comparison, "contrast")):
        frame = frame.rename(columns={"arm": "model"})
        parts = [frame.assign(set="fresh_objects"), frame.assign(set="fresh_retrieval")]
        # What one set says of the other's subject must not be shown.
        recall = frame["metric"].str.contains("recall|gallery").to_numpy()
        numbers = [name for name in ("mean", "difference") if name in frame]
        parts[0].loc[recall, numbers] = 0.99
        parts[1].loc[~recall, numbers] = 0.99
        frames.append(pd.concat(parts)[["set", arm, *(c for c in parts[0] if c not in ("set", arm))]])
    return frames


def test_a_worlds_figures_come_from_the_set_that_asks_for_them():
    summary, comparison = take_world(*make_world(MAIN), "fresh")
    rows = {row.figure.metric: row for row in list_rows(summary, comparison, ORDINARY, MAIN)}
    assert rows["absence_auc_known"].values[MAIN]["mean"] == 0.82
    assert rows["text_to_image_recall_at_1"].changes["zero_shot"]["difference"] == pytest.approx(-0.02)
    assert rows["text_to_image_recall_at_1"].gallery == 265
    assert all(0.99 not in [value["mean"] for value in row.values.values()] for row in rows.values())


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A function that writes the report of made-up figures and returns its head."""
    monkeypatch.chdir(tmp_path)

    def write(world=None, alarms=()):
        paths = make_run(tmp_path)
        main = make_lineage()["settings"]["deploy"]["arm"]
        summary, comparison = make_tables(main)
        for name, frame in (("summary", summary), ("comparison", comparison)):
            old = pd.read_csv(paths[name])
            old = old[~old["metric"].isin(frame["metric"])] if name == "summary" else old
            pd.concat([old, frame.assign(is_primary=False, p=0.01, n=9)]).to_csv(paths[name], index=False)
        for name, frame in zip(("set_summary", "sets"), make_world(main), strict=True):
            frame.to_csv(paths[name], index=False)
        verdict = json.loads((tmp_path / paths["verdict"]).read_text())
        (tmp_path / paths["verdict"]).write_text(json.dumps(verdict | {"alarms": list(alarms)}))
        lineage = make_lineage()
        lineage["settings"]["evaluate"]["world"] = world
        write_report(make_job(paths, lineage=lineage))
        return (tmp_path / "results/report.html").read_text().split("<nav")[0]

    return write


def test_the_page_begins_with_ordinary_photos_and_shows_losses_in_red(page):
    head = page()
    assert head.index("Ordinary photos of the held-out folds") < head.index(
        "Edited pairs of the held-out folds"
    )
    assert "Worse than zero_shot: text to photo" in head and '<td class="worse">worse</td>' in head
    assert "tells absence with an AUC of 86.5" in head
    assert 'class="alarm"' not in head


def test_a_fresh_world_stands_for_the_ordinary_photos(page):
    head = page(world={"name": "fresh", "photos": 7000, "seed": 9001})
    assert "Ordinary photos of a fresh world, 7,000 of them" in head
    assert "of the held-out folds</th></tr>" in head and "99.0" not in head


def test_alarms_stand_above_the_verdict_in_red(page):
    head = page(alarms=[{"name": "placebo", "sentence": "An edit is taken for a denial of <anything>."}])
    assert head.index('class="alarm"') < head.index('id="verdict"')
    assert "Alarm, placebo:</strong> An edit is taken for a denial of &lt;anything&gt;." in head


def test_a_name_says_among_how_many_is_searched():
    (row,) = [
        row
        for row in list_rows(*make_tables(), ORDINARY, MAIN)
        if row.figure.metric == "text_to_image_recall_at_1"
    ]
    assert name_figure(row) == "text to photo, recall at 1, of 265"
