"""The batch-size study: its statistics against naive versions, its design, its measures on planted
errors, and its choice.
"""

import math
import re

import numpy as np
import pandas as pd
import pytest
import simulate_batchsize as simulation
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from batch_server.answerers import ErrorModel
from fake_run import make_job, make_run
from unscene.answers.batch_lines import build_answer, read_items, read_lines, write_lines
from unscene.batchsize import noninferiority as ni
from unscene.batchsize.choice import choose, judge_size, judge_sizes
from unscene.batchsize.design import allocate, build_study, draw_captions, list_captions, list_trials
from unscene.batchsize.gold import choose_gold, draw_sheet, encode_words, read_labels, settle_labels
from unscene.batchsize.measures import describe_answers, is_shifted
from unscene.batchsize.measuring import measure_batchsize
from unscene.batchsize.requests import build_batchsize_requests
from unscene.batchsize.text import escape_latex, to_latex, to_markdown
from unscene.batchsize.writing import write_batchsize
from unscene.config.checks import check_study
from unscene.evaluation.columns import AGREEMENT
from unscene.evaluation.mention_agreement import compare_readers, measure_agreement
from unscene.machine.job import Job
from unscene.report.write_report import write_report
from unscene.run.configuration import ConfigError, read_chosen, wants_study
from unscene.run.tables import TableError, read_json, read_table, write_json, write_table
from unscene.words.coco80 import COCO80

SMALL = {"captions": 900, "sizes": [5, 30], "permutations": 10, "margin": 0.01, "labels": None}


# Statistics


def test_sample_sizes_are_those_of_the_formula():
    assert ni.count_captions_needed(0.04, 0.01) == 3426
    assert ni.count_captions_needed(0.10, 0.01) == 8564
    assert ni.count_captions_needed(0.04, 0.005) == pytest.approx(13703, abs=1)
    assert ni.get_power(3426, 0.04, 0.01) == pytest.approx(0.9, abs=1e-3)
    assert ni.count_prompts_needed(0.01) == 299
    assert ni.get_upper_bound(0, 299) <= 0.01 < ni.get_upper_bound(0, 297)
    assert ni.get_upper_bound(1, 300) > 0.01 and ni.get_upper_bound(0, 0) == 1


def test_upper_bound_and_mcnemar_are_their_definitions():
    for events, trials in ((0, 50), (3, 200), (17, 40)):
        bound = ni.get_upper_bound(events, trials)
        assert stats.binom.cdf(events, trials, bound) == pytest.approx(0.05, abs=1e-9)
    lost, won = 9, 2
    tail = sum(math.comb(11, k) for k in range(won + 1)) / 2**11
    assert ni.get_mcnemar_p(lost, won) == pytest.approx(2 * tail)
    assert ni.get_mcnemar_p(0, 0) == 1


def test_drawn_means_are_a_cluster_bootstrap():
    """The weighted multinomial draw against drawing clusters one by one: same mean, spread and quantiles."""
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 30, 80)
    sums = rng.normal(-0.1, 0.3, 80) * sizes
    fast = ni.draw_means(sums, sizes, 20_000, seed=1)
    naive = np.empty(20_000)
    for draw in range(len(naive)):
        chosen = rng.integers(80, size=80)
        naive[draw] = sums[chosen].sum() / sizes[chosen].sum()
    assert fast.mean() == pytest.approx(naive.mean(), abs=4 * naive.std() / 100)
    assert fast.std() == pytest.approx(naive.std(), rel=0.03)
    assert np.quantile(fast, 0.05) == pytest.approx(np.quantile(naive, 0.05), abs=0.03 * naive.std() * 4)


def test_bca_quantile_agrees_with_scipy():
    rng = np.random.default_rng(5)
    values = rng.exponential(size=60) ** 2
    ours = ni.get_bca_quantile(
        ni.draw_means(values, np.ones(60), 50_000, 1), values.mean(), values - values.mean(), 0.05
    )
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=0.9, n_resamples=50_000, method="BCa", rng=1
    )
    assert ours == pytest.approx(theirs.confidence_interval.low, abs=0.03 * values.std() / math.sqrt(60) * 4)


def test_bound_widens_for_captions_in_several_prompts():
    """The two-way variance by loops; the factor is 1 where each caption sits in one prompt, and
    never below.
    """
    rng = np.random.default_rng(2)
    caption = np.repeat(np.arange(100), 3)
    prompt = rng.integers(40, size=300)
    prompt = np.unique(prompt, return_inverse=True)[1]
    difference = np.repeat(rng.normal(size=100), 3) + 0.1 * rng.normal(size=300)
    bound = ni.bound_mean(difference, caption, prompt, 2000, seed=1)
    centred = difference - difference.mean()
    by_caption = sum(centred[caption == c].sum() ** 2 for c in set(caption))
    by_prompt = sum(centred[prompt == p].sum() ** 2 for p in set(prompt))
    both = by_caption + by_prompt - (centred**2).sum()
    assert bound["widening"] == pytest.approx(math.sqrt(both / by_prompt)) and bound["widening"] > 1.3
    assert bound["error"] == pytest.approx(math.sqrt(both) / 300)
    single = ni.bound_mean(difference[::3], np.arange(100), np.arange(100) // 5, 2000, seed=1)
    assert single["widening"] == pytest.approx(1)
    assert single["low"] == pytest.approx(
        single["difference"] - 1.645 * single["error"], abs=0.5 * single["error"]
    )


def test_bound_covers_as_often_as_it_says():
    """Captions and prompts both matter; the truth (0) lies above the bound in about 95 of 100 samples."""
    rng = np.random.default_rng(11)
    covered = 0
    for sample in range(200):
        easy, prompt = rng.normal(size=150), np.stack([rng.permutation(150) // 10 + 15 * p for p in range(3)])
        noise = rng.normal(size=45)
        difference = easy[None, :] + 0.5 * noise[prompt] + rng.normal(size=prompt.shape)
        caption = np.tile(np.arange(150), 3)
        covered += ni.bound_mean(difference.ravel(), caption, prompt.ravel(), 500, seed=sample)["low"] < 0
    assert (
        covered >= 181
    )  # P(X <= 180) = .003 at a true coverage of .95; without the widening about 160 are covered


def test_recall_is_a_ratio_of_sums():
    bound = ni.bound_mean([1, 0, -1, 0], np.arange(4), np.arange(4), 500, 1, size=[2, 1, 3, 4])
    assert bound["difference"] == 0
    assert math.isnan(ni.bound_mean([0.0], np.zeros(1, int), np.zeros(1, int), 10, 1, size=[0])["low"])


# Design


def test_design_keeps_its_promises():
    samples = pd.DataFrame(
        {
            "image_id": [f"p{i}" for i in range(40)],
            "captions": [[f"A dog {i}.", f"A cat {i}.", "A view."] for i in range(40)],
        }
    )
    captions = list_captions([samples[:25], samples[25:]])
    assert len(captions) == 81 and captions["mentions"].isna().all()
    drawn = draw_captions(captions, 60, 1, COCO80)
    assert len(drawn) == 60 and not drawn["caption"].duplicated().any()
    assert drawn.equals(draw_captions(captions.sample(frac=1, random_state=0), 60, 1, COCO80))
    trials = list_trials({"sizes": [20, 5], "permutations": 3})
    assert [(trial.name, trial.permutations) for trial in trials] == [
        ("1", 1),
        ("1 again", 1),
        ("5", 1),
        ("20", 3),
    ]
    requests, design = build_study(drawn, trials, "gpt-4o", 1, COCO80)
    photos = dict(zip(drawn["caption_id"], drawn["image_ids"], strict=True))
    for _, prompt in design.groupby(["trial", "permutation", "custom_id"]):
        named = [photo for caption_id in prompt["caption_id"] for photo in photos[caption_id]]
        assert len(named) == len(set(named))
    for (trial, _), part in design.groupby(["trial", "permutation"]):
        assert sorted(part["caption_id"]) == sorted(drawn["caption_id"]), trial
    orders = [tuple(part["caption_id"]) for _, part in design[design["trial"] == "20"].groupby("permutation")]
    assert len(set(orders)) == 3
    by_id = {request["custom_id"]: request for request in requests}
    texts = dict(zip(drawn["caption_id"], drawn["caption"], strict=True))
    for row in design.itertuples():
        assert read_items(by_id[row.custom_id])[row.position] == texts[row.caption_id]
    first, again = (
        design[design["trial"] == name].set_index("caption_id")["custom_id"] for name in ("1", "1 again")
    )
    assert not set(first) & set(again)
    assert all(by_id[first[c]]["body"] == by_id[again[c]]["body"] for c in texts)


def test_strata_keep_their_shares():
    assert allocate(np.array([70, 20, 10]), 10) == [7, 2, 1]
    assert sum(allocate(np.array([5, 3, 3]), 7)) == 7
    texts = (
        ["A view."] * 0
        + [f"A dog {i}." for i in range(80)]
        + [f"An orange on plate number {i}." for i in range(20)]
    )
    captions = pd.DataFrame(
        {"caption_id": texts, "caption": texts, "image_ids": [[t] for t in texts], "mentions": None}
    )
    drawn = draw_captions(captions, 50, 3, COCO80)
    assert drawn["stratum"].value_counts().to_dict() == {"1 plain": 40, "1 ambiguous": 10}
    reader = COCO80.reader
    assert reader.is_ambiguous("An orange couch") and not reader.is_ambiguous("A dog")


# Gold


def test_labels_are_settled_and_faults_named(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(
        "caption_id,caption,rater_1,rater_2,adjudicated\na,x,dog;"
        " cat,cat;dog,\nb,x,dog,-,-\nc,x,dog,cat,\nd,x,,,\n"
    )
    labels = read_labels(path, COCO80)
    settled = settle_labels(labels)
    assert (
        settled["a"] == ["cat", "dog"]
        and settled["b"] == []
        and settled["c"] is None
        and settled["d"] is None
    )
    write_table(labels, tmp_path / "labels.parquet")
    assert settle_labels(read_labels(tmp_path / "labels.parquet", COCO80))["a"] == ["cat", "dog"]
    path.write_text("caption_id,rater_1,rater_2,adjudicated\na,doggo,,\n")
    with pytest.raises(TableError, match=r"a, rater_1: 'doggo' is not one of COCO's 80 words"):
        read_labels(path, COCO80)
    path.write_text("caption_id,rater_1\na,dog\n")
    with pytest.raises(TableError, match="rater_2, adjudicated"):
        read_labels(path, COCO80)


def test_gold_is_labels_then_mentions_then_the_reference():
    captions = pd.DataFrame({"caption_id": list("abcd"), "caption": list("abcd"), "mentions": [["dog"]] * 4})
    reference = encode_words([["dog"], ["cat"], [], []], COCO80)
    differs = np.array([True, False, False, False])
    labels = pd.DataFrame(
        {
            "caption_id": ["a", "b"],
            "rater_1": [["cat"], ["cat"]],
            "rater_2": [["cat"], ["cat"]],
            "adjudicated": [None, None],
        }
    )
    gold = choose_gold(captions, labels, reference, differs, COCO80)
    assert gold.kind == "labels" and gold.weight.tolist() == [1, 3, 0, 0]
    assert (gold.words[0] == encode_words([["cat"]], COCO80)[0]).all()
    assert gold.facts["raters_agree"] == 1 and gold.facts["kappa"] == 1
    lacking = choose_gold(captions, labels[1:], reference, differs, COCO80)
    assert lacking.kind == "mentions" and lacking.facts["discordant_without_label"] == 1
    assert choose_gold(captions.assign(mentions=None), None, reference, differs, COCO80).kind == "reference"


def test_the_sheet_is_blind():
    texts = [f"caption {i}" for i in range(1000)]
    captions = pd.DataFrame({"caption_id": texts, "caption": texts})
    differs = np.zeros(1000, bool)
    differs[:50] = True
    sheet = draw_sheet(captions, differs, seed=1)
    assert list(sheet) == ["caption_id", "caption", "rater_1", "rater_2", "adjudicated"]
    assert (
        len(sheet) == 350 and set(texts[:50]) <= set(sheet["caption_id"]) and (sheet["rater_1"] == "").all()
    )
    places = np.flatnonzero(sheet["caption_id"].isin(texts[:50]))
    assert 120 < places.mean() < 230  # mixed, not in front


# Measures and choice


def test_shifts_are_seen_and_noise_is_not():
    rng = np.random.default_rng(1)
    reference = rng.integers(0, 12, 50)
    assert not is_shifted(reference, reference)
    skipped = np.concatenate([reference[:20], reference[21:], reference[-1:]])
    said_twice = np.concatenate([reference[:21], reference[20:-1]])
    assert is_shifted(skipped, reference) and is_shifted(said_twice, reference)
    false = 0
    for _ in range(2000):
        noisy = np.where(rng.random(100) < 0.05, rng.integers(0, 12, 100), 99)
        reference = rng.integers(0, 12, 100)
        false += is_shifted(np.where(noisy == 99, reference, noisy), reference)
    assert false <= 2


ROW = {
    "captions_per_prompt": 20,
    "low": -0.004,
    "detected_rate": 0.0,
    "position_low": -0.01,
    "position_difference": 0.0,
    "shift_upper": 0.005,
    "shifts": 0,
    "prompts": 600,
    "captions": 4000,
}


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({}, "passed", "at most 0.40 points"),
        ({"low": -0.01}, "failed", "above the margin"),
        ({"low": math.nan}, "not decided", "nothing to compare"),
        ({"detected_rate": 0.02}, "failed", "wrong form"),
        ({"position_low": 0.02, "position_difference": 0.05}, "failed", "5.0 points worse"),
        ({"shift_upper": 0.02, "prompts": 150}, "not decided", "299 are needed"),
        ({"shift_upper": 0.016, "shifts": 1, "prompts": 300}, "failed", "1 of 300 prompts"),
        ({"captions": 60}, "not decided", "60 captions"),
    ],
)
def test_verdicts(change, verdict, reason):
    found = judge_size({**ROW, **change}, 0.01)
    assert found[0] == verdict and reason in found[1]


def test_the_sequence_stops_at_the_first_that_does_not_pass():
    rows = [
        {
            **ROW,
            "trial": str(n),
            "captions_per_prompt": n,
            "low": low,
            "usd": usd,
            "discordance": 0.04,
            "difference": 0,
        }
        for n, low, usd in ((5, -0.001, 9.0), (10, -0.002, 5.5), (20, -0.02, 4.0), (50, -0.001, 3.0))
    ]
    base = {
        **ROW,
        "trial": "1",
        "captions_per_prompt": 1,
        "usd": 34.0,
        "discordance": math.nan,
        "low": math.nan,
    }
    trials = pd.DataFrame([base, *rows])
    judged = judge_sizes(trials, 0.01)
    assert judged["verdict"].tolist() == ["passed", "passed", "failed", "not tested"]
    chosen = choose(trials, judged, 0.01)
    assert chosen["captions_per_prompt"] == 10 and "20 failed" in chosen["reason"]
    assert (
        chosen["cheapest_sensible"] == 5 and "$3.50" in chosen["cheapest_reason"]
    )  # 1 to 5 saves $25, 5 to 10 $3.50
    assert chosen["captions_for_power_90"] == 3426


@pytest.mark.parametrize(
    ("errors", "chosen", "reason"),
    [
        (ErrorModel(), 30, "every size"),
        (ErrorModel(decay=0.02, decay_beyond=5), 5, "30 failed: accuracy"),
        (ErrorModel(shift=0.03, shift_from_size=20), 5, "30 failed"),
        (ErrorModel(dropped_item=0.05), 1, "5 failed"),
    ],
)
def test_planted_truths_are_found(errors, chosen, reason):
    settings = {**SMALL, "captions": 1500, "permutations": 6}
    found = simulation.run_study(errors, seed=1, settings=settings, draws=1000)
    assert found["captions_per_prompt"] == chosen and found["reason"].startswith(reason)
    assert found["gold"]["kind"] == "mentions" and found["simulated"] and found["models"] == ["gpt-4o"]


def test_without_gold_the_repeat_stands_for_one():
    """Two in a hundred answers are wrong at any n; against n = 1 itself no size could reach 100 %,
    so the repeat is the bar.
    """
    found = simulation.run_study(ErrorModel(noise=0.02), 1, SMALL, draws=1000, repeat_as_gold=True)
    trials = pd.DataFrame(found["trials"]).set_index("trial")
    assert found["gold"]["kind"] == "reference" and trials.loc["1", "exact"] == 1
    assert trials.loc["1 again", "exact"] == pytest.approx(0.96, abs=0.02)
    assert abs(trials.loc["30", "difference"]) < 0.015 and found["noise"]["discordance"] == pytest.approx(
        0.04, abs=0.02
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A whole study by its jobs, answered by the lexicon: its folder and paths."""
    folder = tmp_path_factory.mktemp("study")
    samples = simulation.make_samples(400, seed=1).assign(mentions=None)
    write_table(samples, folder / "samples.parquet")
    files = {
        "requests": "requests.jsonl",
        "design": "design.parquet",
        "captions": "captions.parquet",
        "facts": "study.json",
        "answers": "raw.jsonl",
        "accuracy": "accuracy.parquet",
        "by_word": "by_word.parquet",
        "chosen": "chosen.json",
        "sheet": "labelling.csv",
        "figure": "figure.svg",
        "markdown": "methods.md",
        "latex": "methods.tex",
    }
    paths = {name: folder / file for name, file in files.items()}
    settings = {"seed": 7, "words": "coco80", "batchsize": {**SMALL, "captions": 320, "permutations": 2}}
    settings |= {"keywords": {"backend": "lexicon"}}
    build_batchsize_requests(Job({"samples": [folder / "samples.parquet"]}, paths, settings))
    lines = [
        build_answer(r, "lexicon", [{"w": COCO80.find_words(c)} for c in read_items(r)])
        for r in read_lines(paths["requests"])
    ]
    write_lines(lines, paths["answers"])
    measure(paths)
    write_batchsize(Job(paths, paths))
    return folder, paths


def measure(paths, labels=None):
    settings = {
        "words": "coco80",
        "batchsize": {**SMALL, "captions": 320, "permutations": 2},
        "api": {"model": "gpt-4o"},
    }
    config = {"batchsize": {"labels": labels}, "plan": {"prices": "src/unscene/resources/prices.yaml"}}
    measure_batchsize(Job(paths, paths, settings, config=config))


def test_the_files_of_a_study(study):
    _, paths = study
    accuracy, chosen = read_table(paths["accuracy"]), read_json(paths["chosen"])
    assert {"captions_per_prompt", "exact", "precision", "recall", "f1", "usd"} <= set(accuracy)
    assert accuracy["trial"].tolist() == ["1", "1 again", "5", "30"]
    assert chosen["simulated"] and accuracy["simulated"].all() and chosen["captions_per_prompt"] == 1
    by_word = read_table(paths["by_word"])
    assert (
        set(by_word["trial"]) == set(accuracy["trial"])
        and (by_word["recall"] == 1).all()
        and by_word["word"].nunique() > 70
    )
    totals = by_word.groupby("trial")["right"].sum()
    assert totals["30"] == 2 * totals["1"] > 0  # two permutations
    assert "not decided" in chosen["reason"] and read_chosen(paths["chosen"]) == 1
    assert accuracy["usd"].is_monotonic_decreasing and set(accuracy["usd_source"]) == {"estimate"}
    assert len(pd.read_csv(paths["sheet"])) == 300 and chosen["study"]["captions_of_run"] == 400


def test_labels_of_people_are_used(study, tmp_path):
    _, paths = study
    sheet = pd.read_csv(paths["sheet"], dtype=str, keep_default_na=False)
    words = [";".join(COCO80.find_words(text)) or "-" for text in sheet["caption"]]
    sheet.assign(rater_1=words, rater_2=words).to_csv(tmp_path / "labels.csv", index=False)
    mine = {
        **paths,
        "accuracy": tmp_path / "a.parquet",
        "by_word": tmp_path / "w.parquet",
        "chosen": tmp_path / "c.json",
        "sheet": tmp_path / "s.csv",
    }
    measure(mine, labels=str(tmp_path / "labels.csv"))
    chosen = read_json(mine["chosen"])
    assert chosen["gold"]["kind"] == "labels" and chosen["gold"]["kappa"] == 1
    assert (read_table(mine["accuracy"])["exact"] == 1).all()


def test_text_and_figure_hold_the_numbers(study, tmp_path):
    _, paths = study
    figure, markdown, latex = (paths[name].read_text() for name in ("figure", "markdown", "latex"))
    assert figure.startswith("<?xml") and "SIMULATED" in figure and "captions per prompt" in figure
    for text in (markdown, latex):
        assert "SIMULATED" in text and "320 captions" in text and "not decided" in text
    again = {**paths, "figure": tmp_path / "again.svg"}
    write_batchsize(Job(paths, again))
    assert figure == again["figure"].read_text()


def test_latex_is_escaped(study):
    _, paths = study
    trials, chosen = read_table(paths["accuracy"]), read_json(paths["chosen"])
    chosen["models"] = [r"odd_{model}^100% & $x$ #1 ~\end"]
    latex = to_latex(trials, chosen)
    check_latex(latex)
    assert r"odd\_\{model\}\textasciicircum{}100\% \& \$x\$ \#1 \textasciitilde{}\textbackslash{}end" in latex
    assert r"odd\_{model}^100% & $x$" not in to_markdown(trials, chosen)
    assert escape_latex("a_b") == r"a\_b"
    with pytest.raises(AssertionError):
        check_latex("100 % of it_1 {")


def check_latex(text: str) -> None:
    """Assert that braces and environments balance, commands are known, and every special character
    is escaped or meant.
    """
    known = {
        "textbf",
        "paragraph",
        "begin",
        "end",
        "hline",
        "textbackslash",
        "textasciitilde",
        "textasciicircum",
        "textless",
        "textgreater",
        "textbar",
        "pm",
    }
    bare = re.sub(r"\\[&%$#_{}]", "", text).replace(r"\\", "")
    assert set(re.findall(r"\\([a-zA-Z]+)", bare)) <= known
    assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0
    assert re.findall(r"\\begin{(\w+)}", bare) == re.findall(r"\\end{(\w+)}", bare)
    assert not re.search(r"[%#_^~]", bare)
    columns = len(re.search(r"\\begin{tabular}{(\w+)}", bare)[1]) if "tabular" in bare else 0
    rows = re.findall(r"^.*\\\\.*$", text, re.MULTILINE)
    assert all(len(re.findall(r"(?<!\\)&", row)) == columns - 1 for row in rows)
    outside = "\n".join(line for line in bare.splitlines() if "&" in line)
    assert all("&" not in line for line in bare.splitlines() if line not in outside)
    assert all(ord(character) < 128 for character in text), "only ASCII, for every engine"


def test_the_report_shows_readers_and_study(study, tmp_path, monkeypatch):
    _, paths = study
    monkeypatch.chdir(tmp_path)
    tables = make_run(tmp_path)
    found, true = (encode_words([["dog"], ["cat"], []], COCO80), encode_words([["dog"], [], ["tie"]], COCO80))
    rows = compare_readers("lexicon", "answers", "caption", found, true, COCO80)
    write_table(pd.DataFrame(rows).assign(simulated=True), tmp_path / "agreement.parquet")
    more = {
        "agreement": "agreement.parquet",
        "accuracy": str(paths["accuracy"]),
        "chosen": str(paths["chosen"]),
    }
    write_report(make_job(tables | more | {"study_figure": str(paths["figure"])}))
    page = (tmp_path / "results/report.html").read_text()
    assert 'id="agreement"' in page and 'id="batchsize"' in page and page.count("Simulated:") == 2
    assert "lexicon (simulated)" in page and "<?xml" not in page and "not decided" in page
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', page))
    write_report(make_job(tables))
    page = (tmp_path / "results/report.html").read_text()
    assert 'id="agreement"' not in page and 'id="batchsize"' not in page


def test_agreement_is_counted_by_word():
    found = encode_words([["dog"], ["dog", "cat"], [], ["cat"]], COCO80)
    true = encode_words([["dog"], ["dog"], ["dog"], []], COCO80)
    rows = {row["word"]: row for row in compare_readers("a", "b", "caption", found, true, COCO80)}
    assert list(rows) == ["all words", "dog", "cat"]
    assert (rows["dog"]["precision"], rows["dog"]["recall"]) == (1, 2 / 3)
    assert rows["cat"]["precision"] == 0 and rows["cat"]["recall"] is None
    assert rows["all words"]["n_both"] == 2 and rows["all words"]["f1"] == pytest.approx(4 / 7)
    kappa = cohen_kappa_score(found[:, 16], true[:, 16])  # dog
    assert rows["dog"]["kappa"] == pytest.approx(kappa)


def test_lexicon_and_answers_are_held_against_mentions_and_instances(tmp_path):
    write_table(
        pd.DataFrame(
            {
                "image_id": ["s_1", "s_2"],
                "shard": "s-0-of-1",
                "source_key": ["1", "2"],
                "mentions": [[["dog"], ["cat"]], None],
            }
        ),
        tmp_path / "samples.parquet",
    )
    captions = [("s_1", "A dog.", ["dog"]), ("s_1", "A cat.", []), ("s_2", "A bird.", ["bird"])]
    write_table(
        pd.DataFrame(
            [
                {
                    "image_id": i,
                    "caption_id": f"{i}-{n % 2}",
                    "caption": c,
                    "words": w,
                    "source": "gpt-4o",
                    "status": "ok",
                }
                for n, (i, c, w) in enumerate(captions)
            ]
        ),
        tmp_path / "keywords.parquet",
    )
    line = {
        "custom_id": "w-1",
        "response": {"body": {"model": "gpt-4o", "system_fingerprint": "unscene-lexicon"}},
    }
    write_lines([line], tmp_path / "raw.jsonl")
    boxes = [{"image_id": 1, "category_id": 7, "segmentation": [[0, 0, 1, 0, 1, 1]]}]
    instances = {
        "images": [{"id": n, "file_name": "x", "height": 2, "width": 2} for n in (1, 2)],
        "annotations": boxes,
        "categories": [{"id": 7, "name": "dog"}],
    }
    write_json(instances, tmp_path / "instances.json")
    source = {"name": "s", "format": "coco", "instances": str(tmp_path / "instances.json")}
    inputs = {"samples": tmp_path / "samples.parquet", "keywords": tmp_path / "keywords.parquet"}
    measure_agreement(
        Job(
            inputs={**inputs, "answers": [tmp_path / "raw.jsonl"]},
            outputs={"agreement": tmp_path / "a.parquet"},
            settings={"words": "coco80"},
            config={"samples": {"sources": [source]}},
        )
    )
    table = AGREEMENT.read(tmp_path / "a.parquet")
    overall = table[table["word"] == "all words"].set_index(["reader", "against"])
    assert overall.loc[("lexicon", "answers"), "precision"] == 2 / 3
    assert overall.loc[("answers", "mentions"), ["precision", "recall"]].tolist() == [1, 0.5]
    assert overall.loc[("lexicon", "instances"), ["units", "precision"]].tolist() == [
        2,
        1 / 3,
    ]  # the second photo is listed and has no object, a third would be unknown
    assert overall["simulated"].to_dict() == {
        ("lexicon", "answers"): True,
        ("lexicon", "mentions"): False,
        ("lexicon", "instances"): False,
        ("answers", "mentions"): True,
        ("answers", "instances"): True,
    }


def test_answers_that_are_no_models_are_told():
    local = {
        "response": {"body": {"model": "gpt-4o", "system_fingerprint": "unscene-lexicon", "created": 86_400}}
    }
    real = {"response": {"body": {"model": "gpt-4o", "system_fingerprint": "fp_1", "created": 86_400}}}
    assert describe_answers([real, local])["simulated"] and not describe_answers([real])["simulated"]
    assert describe_answers([real]) == {"models": ["gpt-4o"], "days": ["1970-01-02"], "simulated": False}


# Config


def test_a_study_that_could_choose_nothing_is_refused(tmp_path):
    config = {
        "keywords": {"captions_per_prompt": "auto", "backend": "openai"},
        "batchsize": {
            "run": "auto",
            "captions": 1000,
            "sizes": [5, 20],
            "permutations": 3,
            "margin": 0.01,
            "labels": None,
        },
    }
    with pytest.raises(ConfigError, match=r"299 prompts.*gives 200"):
        check_study(config)
    config["batchsize"]["captions"] = 1500
    check_study(config)
    assert wants_study(config)
    config["batchsize"]["run"] = False
    with pytest.raises(ConfigError, match=r"batchsize\.run"):
        check_study(config)
    config["keywords"]["captions_per_prompt"] = 20
    assert not wants_study(config)
    assert read_chosen(tmp_path / "chosen.json") is None
