"""Whole batch-size studies on planted errors, their files, text and figure, and what is said of
readers.
"""

import json
import re

import pandas as pd
import pytest
import simulate_batchsize as simulation
from sklearn.metrics import cohen_kappa_score

from batch_server.answerers import ErrorModel
from fake_run import make_job, make_run
from unscene.answers.batch_lines import build_answer, read_lines, write_lines
from unscene.answers.prices import read_prices
from unscene.answers.prompts import read_captions
from unscene.batchsize.gold import encode_words
from unscene.batchsize.measuring import measure_batchsize
from unscene.batchsize.observations import Sent
from unscene.batchsize.requests import build_batchsize_requests
from unscene.batchsize.text import escape_latex, list_parameters, to_latex, to_markdown
from unscene.batchsize.writing import draw_study, write_batchsize
from unscene.config.checks.answers import check_study
from unscene.evaluation.columns.agreement import AGREEMENT
from unscene.evaluation.mention_agreement import Tally, measure_agreement
from unscene.machine.job import Job
from unscene.report.write_report import write_report
from unscene.run.configuration import ConfigError, read_chosen, wants_study
from unscene.run.tables import read_json, read_table, write_json, write_table
from unscene.words.coco80 import COCO80

PRICES = "src/unscene/resources/prices.yaml"
SMALL = {"captions": 900, "sizes": [5, 30], "permutations": 10, "margin": 0.01, "labels": None}


@pytest.mark.parametrize(
    ("errors", "chosen", "reason"),
    [
        (ErrorModel(), 30, "every size"),
        (ErrorModel(decay=0.02, decay_beyond=10), 10, "30 failed: accuracy"),
        (ErrorModel(shift=0.04, shift_from_size=20), 10, "30 failed"),
        (ErrorModel(dropped_item=0.05), 1, "10 failed"),
    ],
)
def test_planted_truths_are_found(errors, chosen, reason):
    settings = {**SMALL, "captions": 1500, "sizes": [10, 30], "permutations": 7}
    found = simulation.run_study(errors, seed=1, settings=settings, draws=1000)
    assert found["captions_per_prompt"] == chosen and found["reason"].startswith(reason)
    assert found["gold"]["kind"] == "mentions" and found["simulated"] and found["models"] == ["gpt-4o"]


def test_without_gold_the_rounds_at_one_are_the_bar():
    """Two in a hundred answers are wrong at any n; no size could agree with n = 1 more than n = 1
    does with itself.
    """
    found = simulation.run_study(ErrorModel(noise=0.02), 1, SMALL, draws=1000, repeat_as_gold=True)
    trials = pd.DataFrame(found["trials"]).set_index("trial")
    assert found["gold"]["kind"] == "reference" and found["measure"] == "agreement with n = 1"
    assert trials.loc["1", "exact"] == trials.loc["1 again", "exact"] == pytest.approx(0.96, abs=0.02)
    assert abs(trials.loc["30", "difference"]) < 0.015
    assert found["noise"]["discordance"] == pytest.approx(1 - trials.loc["1", "exact"])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A whole study by its jobs, answered by the lexicon: its folder and paths."""
    folder = tmp_path_factory.mktemp("study")
    samples = simulation.make_samples(400, seed=1).assign(mentions=None)
    write_table(samples, folder / "toy-0-of-1.parquet")
    files = {
        "requests": "requests.jsonl",
        "design": "design.parquet",
        "captions": "captions.parquet",
        "facts": "study.json",
        "answers": "raw.jsonl",
        "followups": "followups.jsonl",
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
    build_batchsize_requests(Job({"samples": [folder / "toy-0-of-1.parquet"]}, paths, settings))
    lines = [
        build_answer(r, "lexicon", [{"w": COCO80.find_words(c)} for c in read_captions(r)])
        for r in read_lines(paths["requests"])
    ]
    write_lines(lines, paths["answers"])
    write_lines([], paths["followups"])
    measure(paths)
    write_batchsize(Job(paths, paths))
    return folder, paths


def measure(paths, labels=None, backend="lexicon"):
    settings = {
        "words": "coco80",
        "keywords": {"backend": backend},
        "batchsize": {**SMALL, "captions": 320, "permutations": 2},
        "api": {"model": "gpt-4o"},
    }
    config = {"batchsize": {"labels": labels}, "plan": {"prices": PRICES}}
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


@pytest.mark.parametrize(
    ("second", "measured"),
    [("person ben", "accuracy"), ("model gpt-6-luna", "agreement with people and model gpt-6-luna")],
)
def test_labels_are_used_and_named(study, tmp_path, second, measured):
    _, paths = study
    sheet = pd.read_csv(paths["sheet"], dtype=str, keep_default_na=False)
    words = [";".join(COCO80.find_words(text)) or "-" for text in sheet["caption"]]
    sheet["rater_1"] = sheet["rater_2"] = words
    sheet.assign(rater_1_by="person anna", rater_2_by=second).to_csv(tmp_path / "labels.csv", index=False)
    mine = {
        **paths,
        "accuracy": tmp_path / "a.parquet",
        "by_word": tmp_path / "w.parquet",
        "chosen": tmp_path / "c.json",
        "sheet": tmp_path / "s.csv",
    }
    measure(mine, labels=str(tmp_path / "labels.csv"))
    chosen = read_json(mine["chosen"])
    accuracy = read_table(mine["accuracy"])
    assert chosen["gold"]["kind"] == "labels" and chosen["gold"]["kappa"] == 1
    assert (accuracy["exact"] == 1).all() and set(accuracy["measure"]) == {measured} == {chosen["measure"]}
    text = to_markdown(accuracy, chosen)
    assert f"called {measured}." in text
    assert "person anna: 300" in text and f"{second}: 300" in text
    assert ("2 people" in text) is (second == "person ben")
    assert ("1 person and the reading of 1 language model" in text) is (second != "person ben")


def test_labels_that_lack_captions_are_not_used_and_said(study):
    _, paths = study
    trials, chosen = read_table(paths["accuracy"]), read_json(paths["chosen"])
    assert "Labels were given" not in to_markdown(trials, chosen)
    chosen["gold"]["discordant_without_label"] = 12
    assert "but 12 of the captions on which sizes differ have none" in to_markdown(trials, chosen)


def test_a_study_of_another_model_is_refused(study):
    _, paths = study
    with pytest.raises(ConfigError, match=r"the run asks gpt-4o, but .* asked lexicon; delete that file"):
        measure(paths, backend="openai")


def test_a_model_that_answered_in_place_of_the_asked_one_is_said(study):
    _, paths = study
    trials, chosen = read_table(paths["accuracy"]), read_json(paths["chosen"])
    assert chosen["other_models"] == [] and "The endpoint says" not in to_markdown(trials, chosen)
    told = to_markdown(trials, {**chosen, "other_models": ["gpt-4o-mini"]})
    assert "The endpoint says that gpt-4o-mini answered." in told


def test_nothing_without_labels_is_called_accuracy(study):
    """Neither in the text, nor in the table's words, nor in the figure."""
    _, paths = study
    texts = [paths[name].read_text() for name in ("markdown", "latex", "figure")]
    texts += [json.dumps(read_json(paths["chosen"])), *read_table(paths["accuracy"])["reason"].dropna()]
    for text in texts:
        assert not re.search("accura", text, re.IGNORECASE), text[:200]
    assert "called agreement with n = 1" in texts[0] and "Agreement with n = 1" in texts[2]


def test_the_text_says_what_is_needed_to_make_the_study_again(study):
    _, paths = study
    trials, chosen = read_table(paths["accuracy"]), read_json(paths["chosen"])
    parameters = dict(list_parameters(trials, chosen))
    assert parameters["sources of the captions"] == "toy" and parameters["seed"] == "7"
    assert len(parameters["SHA-256 of the rules in the prompt"]) == 64
    assert parameters["model asked"] == "lexicon" and parameters["permutations"] == "1, 2"
    assert parameters["prices"].startswith(read_prices(PRICES)["date"])
    text = paths["markdown"].read_text()
    assert all(value in text for value in parameters.values() if value.isalnum())
    assert "Efron 1987" in text and "told from none with a power of 90 %" in text


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
    tally = Tally("lexicon", "answers", "caption", COCO80)
    tally.add(found, true)
    write_table(pd.DataFrame(tally.list_rows()).assign(simulated=True), tmp_path / "agreement.parquet")
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
    tally = Tally("a", "b", "caption", COCO80)
    assert tally.list_rows() == []
    for some in (slice(0, 1), slice(1, 4)):
        tally.add(found[some], true[some])
    rows = {row["word"]: row for row in tally.list_rows()}
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
    assert re.search(r"795 prompts.*gives 200", *check_study(config))
    config["batchsize"]["captions"] = 5 * 795
    assert not list(check_study(config))
    assert wants_study(config)
    config["batchsize"]["run"] = False
    assert re.search(r"batchsize\.run", *check_study(config))
    config["keywords"]["captions_per_prompt"] = 20
    assert not wants_study(config)
    assert read_chosen(tmp_path / "chosen.json") is None


@pytest.mark.parametrize(
    "errors",
    [ErrorModel(refusal=1.0), ErrorModel(cut_above=1), ErrorModel(off_list=1.0), None],
    ids=["all refused", "all larger ones cut", "no word on the list", "nothing served"],
)
def test_a_study_without_any_good_answer_chooses_one(errors, monkeypatch):
    """It ends with a table, a text and a figure, and n = 1."""
    kept = {}
    measure_it = simulation.measure_study

    def keep(answered, *arguments, **options):
        if errors is None:
            answered = answered._replace(sent=Sent({}, []))
        kept["measured"] = measure_it(answered, *arguments, **options)
        return kept["measured"]

    monkeypatch.setattr(simulation, "measure_study", keep)
    settings = {**SMALL, "captions": 60, "sizes": [10], "permutations": 2}
    found = simulation.run_study(errors or ErrorModel(), 1, settings, draws=50, repeat_as_gold=True)
    assert found["captions_per_prompt"] == 1 and found["measure"] == "agreement with n = 1"
    measured = kept["measured"]
    assert measured.accuracy["verdict"].tolist()[2] in ("not decided", "failed")
    assert "n = 10" in to_markdown(measured.accuracy, measured.chosen)
    assert draw_study(measured.accuracy.assign(usd=float("nan")), measured.chosen).startswith("<?xml")
