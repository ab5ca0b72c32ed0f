"""Labels and what they prove: exact limits, the fixed sequence, agreement of raters, the head, and
the whole script.
"""

import json

import numpy as np
import pandas as pd
import pytest

from partial_tables import write_some
from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.quality.accept_head import (
    FEATURES,
    apply_numbers,
    cross_fit,
    describe_head,
    get_features,
    train_head,
)
from unscene.quality.certification import certify, count_needed, get_upper_limit, list_thresholds
from unscene.quality.columns import EDIT_SCORES, HEAD_SCORES
from unscene.quality.labelled import calibrate_thresholds
from unscene.quality.labels import (
    QUESTIONS,
    LabelError,
    list_disagreements,
    measure_agreement,
    read_labels,
    settle,
)
from unscene.samples.columns import SAMPLES


@pytest.mark.parametrize(
    ("rate", "bad", "needed"),
    [
        (0.10, 0, 29),
        (0.10, 3, 76),
        (0.10, 10, 167),
        (0.05, 0, 59),
        (0.05, 3, 153),
        (0.05, 10, 336),
        (0.02, 0, 149),
        (0.02, 3, 386),
        (0.02, 10, 845),
    ],
)
def test_how_many_labels_certify_a_rate(rate, bad, needed):
    assert count_needed(rate, bad) == needed
    assert get_upper_limit(bad, needed) <= rate < get_upper_limit(bad, needed - 1)


def test_upper_limit_inverts_the_binomial():
    from scipy.stats import binom

    for bad, total in ((0, 10), (3, 40), (17, 60)):
        assert binom.cdf(bad, total, get_upper_limit(bad, total)) == pytest.approx(0.05)
    assert get_upper_limit(5, 5) == get_upper_limit(0, 0) == 1


def test_the_sequence_stops_at_the_first_failure():
    probability = np.repeat([0.9, 0.7, 0.5, 0.3], 100)
    is_bad = np.concatenate([np.zeros(100), np.zeros(100), np.arange(100) < 40, np.zeros(100)]).astype(bool)
    found = certify(probability, is_bad, [0.8, 0.6, 0.4, 0.2], 0.1)
    assert [test["passed"] for test in found["tests"]] == [True, True, False]
    assert (found["threshold"], found["bad"], found["accepted"]) == (0.6, 0, 200)
    # accepting all would be within the rate as well, but a test after the first failure proves nothing
    assert get_upper_limit(40, 400) > 0.1 or len(found["tests"]) == 3


def test_nothing_is_certified_without_grounds():
    few = certify(np.ones(10), np.zeros(10, bool), list_thresholds(np.ones(10), 10, 0.05), 0.05)
    assert few["threshold"] is None
    assert "too few" in few["reason"]
    bad = certify(np.ones(100), np.arange(100) < 30, [0.5], 0.05)
    assert bad["threshold"] is None
    assert "30 defects of 100" in bad["reason"]


def test_the_chosen_point_exceeds_the_rate_in_at_most_one_of_twenty_trials():
    """The promise itself: draw labels again and again from a known world."""
    rng = np.random.default_rng(0)
    reference = rng.random(2000)
    broken, certified = 0, 0
    for _ in range(400):
        probability = rng.random(300)
        is_bad = rng.random(300) < 0.25 * (1 - probability)
        found = certify(probability, is_bad, list_thresholds(reference, 300, 0.1), 0.1)
        if found["threshold"] is not None:
            certified += 1
            broken += 0.25 * (1 - found["threshold"]) / 2 > 0.1  # the true rate above the threshold
    assert certified > 100
    assert broken <= 0.05 * 400 + 3 * (0.05 * 0.95 * 400) ** 0.5


def write_labels(folder, rater, answers, sha256="s"):
    rows = [
        {"edit_id": name, "edited_sha256": sha256, "rater": rater}
        | dict(zip(QUESTIONS, (a, b, c, True), strict=True))
        for name, (a, b, c) in answers.items()
    ]
    folder.mkdir(exist_ok=True)
    path = folder / f"{rater}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


YES, UGLY, THERE = (True, True, True), (True, True, False), (False, True, True)


def test_labels_are_settled_and_disagreements_listed(tmp_path):
    paths = [
        write_labels(tmp_path, "anna", {"a": YES, "b": YES, "c": UGLY, "d": YES}),
        write_labels(tmp_path, "bert", {"a": YES, "b": THERE, "c": UGLY, "e": YES, "d": UGLY}),
        write_labels(tmp_path, "adjudicator", {"d": YES}),
    ]
    label = read_labels(paths)
    settled = settle(label).set_index("edit_id")
    assert settled["accept"].to_dict() == {"a": True, "b": False, "c": False, "d": True, "e": True}
    assert settled["agreed"].to_dict() == {"a": True, "b": False, "c": True, "d": False, "e": True}
    open_ones = list_disagreements(label)
    assert open_ones["edit_id"].tolist() == ["b"]
    assert "anna: gone yes" in open_ones["answers"][0] and "bert: gone no" in open_ones["answers"][0]


def test_agreement_is_cohens_kappa(tmp_path):
    rng = np.random.default_rng(0)
    one, two = rng.random(200) < 0.7, rng.random(200) < 0.5
    paths = [
        write_labels(tmp_path, rater, {f"e{n}": (bool(v), True, True) for n, v in enumerate(values)})
        for rater, values in (("anna", one), ("bert", two))
    ]
    rows = {row["question"]: row for row in measure_agreement(read_labels(paths))}
    observed, chance = (one == two).mean(), one.mean() * two.mean() + (1 - one.mean()) * (1 - two.mean())
    assert rows["gone"]["kappa"] == pytest.approx((observed - chance) / (1 - chance))
    assert rows["gone"]["equal"]["share"] == pytest.approx(observed)
    assert rows["natural"]["kappa"] is None  # both said yes throughout
    assert rows["natural"]["equal"]["share"] == 1


def test_undone_and_torn_labels_do_not_count_and_others_are_named(tmp_path):
    path = write_labels(tmp_path, "anna", {"a": YES, "b": YES})
    with path.open("a") as file:
        file.write(json.dumps({"edit_id": "a", "edited_sha256": "s", "rater": "anna", "undone": True}) + "\n")
        file.write('{"edit_id": "c", "sha')
    assert read_labels([path])["edit_id"].tolist() == ["b"]
    path.write_text('{"edit_id": "c"}\n' + path.read_text())
    with pytest.raises(LabelError, match=r"anna\.jsonl, line 1"):
        read_labels([path])


def test_labels_of_scripts_are_refused(tmp_path):
    with pytest.raises(LabelError, match="script of the tests"):
        read_labels([write_labels(tmp_path, "script-a", {"a": YES})])


def make_edits(count=400, seed=0):
    """Edits that are good where `residual` is low; every photo group has two of them, the rest is noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.random(count) for name in FEATURES})
    frame.loc[rng.random(count) < 0.1, "collateral"] = np.nan
    frame["rc_s"] = np.nan  # a score without weights
    good = frame["residual"].to_numpy() < 0.5
    good ^= rng.random(count) < 0.02
    return frame.assign(
        edit_id=[f"e{n}" for n in range(count)], group=[f"g{n // 2}" for n in range(count)]
    ), good


def test_head_learns_and_its_numbers_are_enough_to_apply_it():
    frame, good = make_edits()
    head = train_head(frame, good)
    numbers = json.loads(json.dumps(describe_head(head)))
    np.testing.assert_allclose(
        apply_numbers(numbers, frame), head.predict_proba(get_features(frame))[:, 1], atol=1e-9
    )
    crossed = cross_fit(frame, good, frame["group"].to_numpy())
    assert crossed[good].mean() > 0.8 > 0.2 > crossed[~good].mean()
    with pytest.raises(ValueError, match="at least 10 of each"):
        train_head(frame, np.ones(len(frame), bool))


def test_cross_fitting_never_sees_the_group():
    """Labels that are pure noise but equal within a group: a head that saw the group would seem to
    know them.
    """
    rng = np.random.default_rng(0)
    frame, _ = make_edits(600)
    noise = rng.random(300) < 0.5
    frame["residual"] = np.repeat(rng.random(300), 2)
    good = np.repeat(noise, 2)
    crossed = cross_fit(frame, good, frame["group"].to_numpy())
    assert abs(crossed[good].mean() - crossed[~good].mean()) < 0.05


def make_job(folder, frame, labels):
    """A job on the tables of the edits in `frame` and the raters' files."""
    frame = frame.assign(status="ok", image_id=frame["group"], edited_sha256="s")
    tables = {"scores": EDIT_SCORES, "masks": MASKS, "edits": EDITS, "samples": SAMPLES}
    inputs = {name: folder / f"{name}.parquet" for name in tables}
    for name, table in tables.items():
        rows = frame.drop_duplicates("image_id") if name == "samples" else frame
        write_some(table, rows, inputs[name])
    outputs = {"certificate": "c.json", "head_scores": "head.parquet", "disagreements": "open.parquet"}
    outputs = {name: folder / path for name, path in outputs.items()}
    return Job(inputs | {"labels": labels}, outputs, {"quality": {"max_defect_rate": 0.1}})


def certify_run(job):
    calibrate_thresholds(job)
    head = HEAD_SCORES.read(job.outputs.head_scores).set_index("edit_id")["accept_probability"]
    return json.loads(job.outputs.certificate.read_text()), head


def test_certificate_of_a_run(tmp_path):
    frame, good = make_edits(600)
    answers = {name: YES if fine else THERE for name, fine in zip(frame["edit_id"], good, strict=True)}
    paths = [write_labels(tmp_path / "labels", rater, answers) for rater in ("anna", "bert")]
    job = make_job(tmp_path, frame, [*paths, tmp_path / "labels/sample.json"])
    certificate, head = certify_run(job)
    point = certificate["operating_point"]
    assert point["upper_limit"] <= 0.1 < point["accepted_share"]
    assert certificate["head"]["auc_held_out"]["auc"] > 0.9
    assert certificate["head"]["trained_on"] + point["held_out"] == certificate["labelled_edits"] == 600
    accepted = head[head >= point["threshold"]].index
    assert 1 - good[frame["edit_id"].isin(accepted)].mean() < 0.1
    again = job.outputs.certificate.read_bytes()
    certify_run(job)
    assert job.outputs.certificate.read_bytes() == again
    # an edit that was made anew since is not the one that was labelled
    edit = EDITS.read(job.inputs.edits)
    EDITS.write(
        edit.assign(edited_sha256=["other" if n < 50 else "s" for n in range(len(edit))]), job.inputs.edits
    )
    found, _ = certify_run(job)
    assert (found["labelled_edits"], found["labels_of_other_files"]) == (550, 50)


def test_too_few_labels_give_a_certificate_that_says_so(tmp_path):
    frame, _ = make_edits(60)
    found, head = certify_run(
        make_job(tmp_path, frame, [write_labels(tmp_path / "labels", "anna", {"e1": YES, "e2": THERE})])
    )
    assert found["operating_point"]["threshold"] is None
    assert "at least 10 of each" in found["operating_point"]["reason"]
    assert head.isna().all()
