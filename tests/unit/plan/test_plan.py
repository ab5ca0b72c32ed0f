"""The plan: its formula against hand-computed figures, budgets, devices, disk, and that it reads
the config alone.
"""

import copy
import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import yaml

from unscene.answers.batch_lines import estimate_tokens
from unscene.answers.prices import PriceError, read_prices
from unscene.answers.prompts import ANSWER_TOKENS, KEYWORD_TOKENS, keyword_request
from unscene.captions.requests import EDITS_PER_PROMPT
from unscene.deploy.forms import FORMS
from unscene.edits.removers import REMOVERS
from unscene.machine.job import Job
from unscene.plan import estimate
from unscene.plan.estimate import (
    assume_captions,
    count_items,
    describe_plan,
    estimate_run,
    list_assumptions,
    make_plan,
    warn_about_prices,
)
from unscene.plan.text_costs import MARKS, _cut_files, estimate_prompts, make_tables
from unscene.quality.control_scoring import ROUNDS
from unscene.quality.controls import KINDS
from unscene.samples.counting import complete_sources
from unscene.samples.readers import READERS, find_like
from unscene.words.coco80 import COCO80


@pytest.fixture(scope="module")
def config(checkout):
    return yaml.safe_load((checkout / "config" / "config.yaml").read_text())


@pytest.fixture(scope="module")
def prices(checkout):
    return read_prices(checkout / "src/unscene/resources/prices.yaml")


@pytest.fixture(scope="module")
def assumed(checkout):
    return yaml.safe_load((checkout / "src/unscene/resources/throughput.yaml").read_text())


def test_captions_are_counted_where_the_source_is_there(config, assumed, tmp_path):
    """A source of photos has a caption each, as is assumed; this one has three."""
    config = copy.deepcopy(config)
    for number in range(10):
        for caption in ("a dog\nit sits\n", "a dog\n\nit sits\nand waits\na last one\n")[number % 2 :][:1]:
            (tmp_path / f"{number}.txt").write_text(caption)
        (tmp_path / f"{number}.jpg").touch()
    there = {"name": "mine", "format": "folder", "folder": str(tmp_path), "photos": 10}
    later = {"name": "later", "format": "table", "table": str(tmp_path / "no.csv"), "photos": 7}
    config["samples"] |= {"sources": [there, later], "captions_per_photo": 0}
    looked = assume_captions(config, assumed)
    assert count_items(config, looked)["captions"] == 10 * 3 + 7
    assert list_assumptions(looked)["captions_of.mine"]["value"] == 3
    config["samples"]["captions_per_photo"] = 2
    assert count_items(config, assume_captions(config, assumed))["captions"] == 10 * 2 + 7


@pytest.fixture
def paid(config):
    """A run of 30,000 COCO photos, one caption each, over the API."""
    changed = copy.deepcopy(config)
    changed["samples"]["sources"] = [{"name": "coco", "format": "coco", "photos": 30000}]
    changed["samples"] |= {"captions_per_photo": 1, "shard_size": 2048}
    changed["keywords"]["backend"] = changed["captions"]["backend"] = "openai"
    return changed


def test_cost_of_prompts_is_the_formula(prices, assumed, config):
    """N = 1,003 captions at n = 20: fifty full prompts and one of three, f = 2 % asked twice."""
    text = "x" * 52

    def make(size):
        return keyword_request("gpt-4o", [text] * size, COCO80)

    cost = estimate_prompts(make, 1003, 20, KEYWORD_TOKENS, prices, assumed, config["api"])
    tokens_in = 50 * estimate_tokens(make(20)) + estimate_tokens(make(3))
    tokens_out = 50 * (20 * KEYWORD_TOKENS + ANSWER_TOKENS) + (3 * KEYWORD_TOKENS + ANSWER_TOKENS)
    assert cost["requests"] == 51
    assert cost["input_tokens"] == pytest.approx(1.02 * tokens_in, abs=1)
    assert cost["output_tokens"] == pytest.approx(1.02 * tokens_out, rel=0.005)  # answers are rounded up
    assert cost["usd"] == pytest.approx(1.02 * (tokens_in * 1.25 + tokens_out * 5) / 1e6, rel=0.005)
    assert cost["usd"] < cost["usd_worst"] < 5 * cost["usd"]


def test_thirty_thousand_captions_cost_what_the_batch_price_says(paid, prices, assumed):
    keywords = make_plan(paid, prices, assumed)["api"]["keywords"]
    assert keywords["items"] == 30000 and keywords["canaries"] == 30000 // 39
    assert keywords["requests"] == 1539 and keywords["files"] == 1  # (30,000 + 769) / 20
    assert 4.0 < keywords["usd"] < 4.6  # gpt-4o, twenty a prompt
    paid["api"]["model"] = "gpt-6-luna"
    assert make_plan(paid, prices, assumed)["api"]["keywords"]["usd"] < 0.06 * keywords["usd"]


def test_larger_prompts_are_cheaper_and_auto_is_twenty(paid, prices, assumed):
    def usd(per_prompt):
        paid["keywords"]["captions_per_prompt"] = per_prompt
        return make_plan(paid, prices, assumed)["api"]["keywords"]["usd"]

    assert usd(1) > usd(5) > usd(20) > usd(100)
    assert usd("auto") == usd(20)


def test_offline_backends_cost_nothing_and_tell_what_the_api_would(config, prices, assumed):
    plan = make_plan(config, prices, assumed)
    assert plan["api"]["usd"] == plan["api"]["usd_worst"] == 0 and plan["over_budget"] is False
    assert plan["api"]["usd_with_api"] > 0
    told = describe_plan(plan)
    assert "lexicon, $0" in told and "gpt-4o" not in told and "api.budget_usd" not in told


def test_over_budget_is_said_and_is_no_error(paid, prices, assumed):
    paid["api"]["budget_usd"] = 1
    plan = make_plan(paid, prices, assumed)
    assert plan["over_budget"] is True and "OVER api.budget_usd $1.00" in describe_plan(plan)
    paid["api"]["budget_usd"] = plan["api"]["usd"]
    plan = make_plan(paid, prices, assumed)
    assert plan["over_budget"] is False
    assert plan["api"]["usd_committed_at_most"] == plan["api"]["budget_usd"] < plan["api"]["usd_worst"]


def test_files_follow_the_limits_of_the_api(paid, prices, assumed):
    paid["samples"]["sources"][0]["photos"] = 3_000_000
    keywords = make_plan(paid, prices, assumed)["api"]["keywords"]
    assert keywords["requests"] == 153_847  # (3,000,000 + 76,923) / 20
    assert keywords["files"] >= max(3, keywords["bytes"] / 200e6)
    assert keywords["waves"] >= keywords["input_tokens"] / 5e6
    paid["api"] |= {"requests_per_file": 10_000, "enqueued_tokens": 90_000}
    smaller = make_plan(paid, prices, assumed)["api"]["keywords"]
    assert smaller["files"] == 16 and smaller["waves"] == pytest.approx(
        keywords["input_tokens"] / 90_000, abs=1
    )


def test_an_unknown_model_is_named_with_its_key(paid, prices, assumed):
    paid["api"]["model"] = "gpt-99"
    with pytest.raises(PriceError, match="api.model: 'gpt-99' has no price in plan.prices"):
        make_plan(paid, prices, assumed)


def test_items_come_from_the_sources(config, prices, assumed):
    count = make_plan(config, prices, assumed)["items"]
    source = config["samples"]["sources"][0]
    assert count["photos"] == source["photos"] and count["captions"] == 5 * source["photos"]
    arms = [arm for arm in config["train"]["arms"].values() if arm]
    runs = config["folds"]["folds"] * len(config["train"]["seeds"])
    assert count["trainings"] == len(arms) * runs + 1
    assert count["evaluations"] == len(config["train"]["arms"]) * runs
    untuned = config | {"deploy": config["deploy"] | {"arm": "zero_shot"}}
    assert make_plan(untuned, prices, assumed)["items"]["trainings"] == count["trainings"] - 1


def test_a_pool_is_paid_for_only_where_nobody_listed_its_objects(paid, prices, assumed):
    pool = {"name": "more", "format": "coco", "photos": 12_000, "pool": True}
    before = make_plan(paid, prices, assumed)
    paid["samples"]["sources"].append(pool | {"instances": "instances.json"})
    listed = make_plan(paid, prices, assumed)
    assert listed["items"]["pool_photos"] == 12_000
    assert listed["api"]["usd"] == before["api"]["usd"]
    paid["samples"]["sources"][1] = pool
    asked = make_plan(paid, prices, assumed)
    assert asked["api"]["keywords"]["items"] == 42_000
    more = asked["api"]["keywords"]["usd"] / before["api"]["keywords"]["usd"]
    assert more == pytest.approx(42 / 30, rel=0.01)
    looked_at = asked["devices"]["stages"]["segment_objects"]["items"]
    assert looked_at - before["devices"]["stages"]["segment_objects"]["items"] == 12_000
    # Nothing of a pool is edited, whatever is known of it.
    for plan in (listed, asked):
        assert plan["api"]["captions"] == before["api"]["captions"]
        assert {key: plan["items"][key] for key in ("photos", "edits", "pairs", "trainings")} == {
            key: before["items"][key] for key in ("photos", "edits", "pairs", "trainings")
        }
        assert plan["storage"]["bytes"]["edits"] == before["storage"]["bytes"]["edits"]


def test_device_hours_grow_with_what_they_depend_on(paid, prices, assumed):
    paid["edits"] |= {"weights": "models/RORem", "size": 512, "steps": 20, "strength": 1.0}
    hours = make_plan(paid, prices, assumed)["devices"]["stages"]["remove_objects"]["hours"]
    attempts = 30000 * 0.5 * 1.4
    rate = assumed["seconds"]["remove_objects"]["real"]["a100"]
    assert hours["a100"] == pytest.approx(attempts * (rate["fixed"] + 20 * rate["step"]) / 3600, rel=0.01)
    assert hours["h200"] < hours["a100"]
    paid["edits"]["steps"] = 5
    fewer = make_plan(paid, prices, assumed)["devices"]["stages"]["remove_objects"]["hours"]
    assert fewer["a100"] == pytest.approx(attempts * (rate["fixed"] + 5 * rate["step"]) / 3600, rel=0.01)
    for strength in (0.99, 0.5):  # the remover asks for more, so that all steps are made
        paid["edits"]["strength"] = strength
        assert make_plan(paid, prices, assumed)["devices"]["stages"]["remove_objects"]["hours"] == fewer
    paid["edits"] |= {"backend": "telea", "weights": None}
    assert set(make_plan(paid, prices, assumed)["devices"]["stages"]["remove_objects"]["hours"]) == {
        "two_cores"
    }


def test_a_remover_without_weights_is_planned_as_a_classical_one(paid, prices, assumed, monkeypatch):
    """Whatever its name: no network runs, so the hours are not those of diffusion."""
    new = replace(REMOVERS["telea"], name="ring")
    monkeypatch.setitem(REMOVERS, "ring", new)
    paid["edits"] |= {"backend": "ring", "weights": None, "size": 512}
    stage = make_plan(paid, prices, assumed)["devices"]["stages"]["remove_objects"]
    assert set(stage["hours"]) == {"two_cores"}
    paid["edits"]["size"] = 64  # a key that it does not read
    assert make_plan(paid, prices, assumed)["devices"]["stages"]["remove_objects"] == stage


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ({"backend": "lama", "weights": "models/big-lama.pt"}, "SDXL: lama was not measured"),
        ({"backend": "diffusers", "weights": "models/sd15"}, "SDXL"),
        ({"backend": "telea", "weights": None}, ""),
        ({"backend": "ring", "weights": None}, "telea: ring was not measured"),
        ({}, ""),
    ],
)
def test_the_plan_says_whose_figures_a_remover_borrows(config, prices, assumed, monkeypatch, edits, told):
    monkeypatch.setitem(REMOVERS, "ring", replace(REMOVERS["telea"], name="ring"))
    config = copy.deepcopy(config)
    config["edits"] |= edits | {"sham": True}
    plan = make_plan(config, prices, assumed)
    lines = describe_plan(plan).splitlines()
    for stage in ("remove_objects", "make_sham_edits"):
        assert plan["devices"]["stages"][stage]["figures_of"] == told
        (line,) = [line for line in lines if line.startswith(f"  {stage}")]
        assert (f" weights (figures of {told}): " in line) if told else ("figures of" not in line)
    (line,) = [line for line in lines if line.startswith("  segment_objects")]
    assert "figures of" not in line


def test_control_edits_are_counted_where_they_are_made(paid, prices, assumed):
    paid["edits"] |= {"weights": "models/RORem", "size": 512, "steps": 20, "strength": 1.0, "attempts": 1}
    without = make_plan(paid, prices, assumed)
    assert without["items"]["shams"] == 0 and "make_sham_edits" not in without["devices"]["stages"]
    paid["edits"]["sham"] = True
    plan = make_plan(paid, prices, assumed)
    edits, shams = plan["items"]["edits"], plan["items"]["shams"]
    assert (edits, shams) == (15000, round(15000 * 0.74))
    stages = plan["devices"]["stages"]
    for device, hours in stages["make_sham_edits"]["hours"].items():
        assert hours == pytest.approx(stages["remove_objects"]["hours"][device] * shams / edits, abs=1e-3)
    more = {
        part: {key: plan["storage"][part][key] - size for key, size in without["storage"][part].items()}
        for part in ("bytes", "files")
    }
    assert more["files"]["edits"] == 2 * shams  # the edit and its own mask
    assert more["files"]["tables"] == 2 * plan["items"]["shards"]
    assert more["bytes"]["edits"] == pytest.approx(shams * 307200 * (1.6 + 0.02), rel=1e-6)
    assert more["bytes"]["total"] == more["bytes"]["edits"]
    added = stages["evaluate_clip"]["items"] - without["devices"]["stages"]["evaluate_clip"]["items"]
    # Two photos of a sham edit, and four texts of a fifth each.
    tests = plan["items"]["evaluations"] / paid["folds"]["folds"]
    assert added == pytest.approx((2 * 0.8 + 4 * 0.2) * shams * tests, abs=1)
    assert f"{shams:,} sham edits" in describe_plan(plan)


def test_checkpoints_take_the_size_of_the_weights(config, prices, assumed, monkeypatch):
    # The preflight compares the same figure with the free space.
    monkeypatch.setattr(estimate, "measure_weights", lambda path: 1000)
    size = make_plan(config, prices, assumed)["storage"]["bytes"]
    assert size["models"] == 1000 * make_plan(config, prices, assumed)["items"]["trainings"]
    assert size["total"] == sum(value for key, value in size.items() if key != "total")
    assert size["deploy"] == 6 * 1000


def test_a_checkpoint_is_in_float32_whatever_the_weights_are_in(checkout, tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros((3, 4), np.float16), "b": np.zeros(2)}, tmp_path / "open_clip_model.safetensors")
    assert estimate.measure_weights(tmp_path) == 4 * 14
    assert estimate.measure_weights(tmp_path / "absent") == 0


def test_edits_per_prompt_are_those_of_the_requests(assumed):
    assert assumed["api"]["edits_per_prompt"]["value"] == EDITS_PER_PROMPT


def test_every_format_of_a_source_has_the_figures_of_a_plan(assumed):
    figures = ("shares.captions_per_photo", "shares.photos_with_edit", "bytes.photo_pixels")
    known = [set(estimate.get_value(assumed, name)) for name in figures]
    for name in READERS:
        assert all(find_like({"format": name}) in formats for formats in known), name


def test_deployed_checkpoints_are_those_of_the_forms(assumed):
    """Of the model and of its base; a form that is made of another's files has none of its own."""
    own = [form for form in FORMS.values() if form.needs is None]
    assert assumed["bytes"]["deploy_copies"]["value"] == 2 * len(own)


def test_controls_are_counted_as_they_are_made(config, prices, assumed):
    assert assumed["shares"]["control_kinds"]["value"] == len(KINDS)
    few, none = (config | {"quality": config["quality"] | {"controls": number}} for number in (6, 0))
    stages = make_plan(few, prices, assumed)["devices"]["stages"]
    assert stages["score_controls"]["items"] == 6 * len(KINDS)
    assert "score_controls" not in make_plan(none, prices, assumed)["devices"]["stages"]


def test_few_objects_are_placed_on_several_photos_each(config, prices, assumed):
    assert assumed["shares"]["control_rounds"]["value"] == ROUNDS
    source = {"name": "few", "format": "embedded", "photos": 8, "seed": 1}
    small = config | {"samples": config["samples"] | {"sources": [source]}}
    plan = make_plan(small, prices, assumed)
    edits = plan["items"]["edits"]
    assert 0 < edits * ROUNDS < small["quality"]["controls"]
    assert plan["devices"]["stages"]["score_controls"]["items"] == edits * ROUNDS * len(KINDS)


def test_every_figure_names_its_source(assumed):
    figures = list_assumptions(assumed)
    assert len(figures) > 20
    for name, figure in figures.items():
        assert figure["kind"] in {"measured", "published", "predicted", "assumed"}, name
        assert len(figure["source"]) > 10, name


def test_the_same_config_gives_the_same_bytes_on_any_day(config, tmp_path, capsys):
    for name in ("a.json", "b.json"):
        estimate_run(Job(outputs={"plan": tmp_path / name}, settings=config, config=config))
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert json.loads((tmp_path / "a.json").read_text())["over_budget"] is False
    assert "Device time" in capsys.readouterr().out


def test_old_prices_and_ending_models_are_logged(prices, caplog):
    warn_about_prices(prices, "gpt-6-luna", date(2026, 12, 1))
    assert caplog.text == ""
    warn_about_prices(prices, "gpt-4o", date(2026, 12, 1))
    assert "gpt-4o ends on 2027-01-14" in caplog.text and "gpt-6-luna" in caplog.text
    warn_about_prices(prices, "gpt-6-luna", date(2027, 6, 1))
    assert "the prices are of 2026-11-22" in caplog.text


def read_overlay(checkout, config, name):
    overlay = yaml.safe_load((checkout / "config" / f"{name}.yaml").read_text())
    merged = copy.deepcopy(config)
    for key, value in overlay.items():
        merged[key] = {**merged[key], **value} if isinstance(value, dict) else value
    complete_sources(merged, checkout, is_plan=True)
    return merged


def test_the_course_run_stays_within_its_ten_dollars(checkout, config, prices, assumed):
    course = read_overlay(checkout, config, "coco30k")
    plan = make_plan(course, prices, assumed)
    api = plan["api"]
    assert course["api"]["budget_usd"] == 10 and course["api"]["model"] == "gpt-4o"
    assert api["usd"] < 10 and plan["over_budget"] is False
    parts = [api[stage] for stage in ("keywords", "captions", "batchsize")]
    assert all(part["usd"] > 0 for part in parts)
    assert api["usd"] == pytest.approx(sum(part["usd"] for part in parts), abs=1e-3)
    assert api["requests"] == sum(part["requests"] for part in parts)
    study = api["batchsize"]
    for name, size in study["sizes"].items():
        assert study["prompts"][name] >= size["prompts_needed"] and 0 < size["power"] < 1
    told = describe_plan(plan)
    assert "with a power of n = 20" in told and "undecided" not in told and "at most $10.00" in told


def test_the_study_is_planned_where_its_choice_is_used(checkout, config, prices, assumed):
    large = read_overlay(checkout, config, "cc3m")
    study = make_plan(large, prices, assumed)["api"]["batchsize"]
    assert study["backend"] == "openai"
    assert study["prompts"] == {
        "1": 10000,
        "1 again": 10000,
        "5": 2000,
        "10": 4000,
        "20": 2000,
        "33": 1216,
        "50": 800,
        "100": 400,
    }
    assert min(size["power"] for size in study["sizes"].values()) > 0.95
    assert study["sizes"]["5"]["captions_for_power_90"] == 2570  # asked in one order
    assert all(study["prompts"][name] >= size["prompts_needed"] for name, size in study["sizes"].items())
    assert make_plan(config, prices, assumed)["api"]["batchsize"]["backend"] == "not run"


def test_cost_tables_are_what_is_computed(checkout):
    page = (checkout / "docs/COSTS.md").read_text(encoding="utf-8")
    start, end = (page.index(mark) for mark in MARKS)
    assert page[start + len(MARKS[0]) : end].strip() == make_tables(checkout).strip()


def test_files_and_waves_are_counted_up_at_their_limits(config):
    limits = {"requests_per_file": 10, "bytes_per_file": 1000, "enqueued_tokens": 500}

    def count(requests=1, size=1, tokens=1):
        return tuple(
            _cut_files({"requests": requests, "bytes": size, "input_tokens": tokens}, limits).values()
        )

    assert [count(requests=n)[0] for n in (0, 1, 10, 11, 20)] == [1, 1, 1, 2, 2]
    assert [count(size=n)[0] for n in (999, 1000, 1001)] == [1, 1, 2]
    assert [count(tokens=n)[1] for n in (499, 500, 501)] == [1, 1, 2]


def test_a_plan_at_its_budget_is_within_it(paid, prices, assumed):
    usd = make_plan(paid, prices, assumed)["api"]["usd"]
    for budget, over in ((usd - 0.001, True), (usd, False), (usd + 0.001, False)):
        plan = make_plan(paid | {"api": paid["api"] | {"budget_usd": budget}}, prices, assumed)
        assert plan["over_budget"] is over
        assert plan["api"]["usd_committed_at_most"] == min(budget, plan["api"]["usd_worst"])


def test_captions_of_a_photo_are_limited_and_further_edits_are_half_as_likely(paid, assumed):
    def count(limit, edits=1):
        changed = copy.deepcopy(paid)
        changed["samples"]["captions_per_photo"] = limit
        changed["masks"]["edits_per_photo"] = edits
        return count_items(changed, assumed)

    assert [count(limit)["captions"] for limit in (1, 4, 5, 6, 0)] == [
        30_000,
        120_000,
        150_000,
        150_000,
        150_000,
    ]
    one, two, three = (count(1, edits)["edits"] for edits in (1, 2, 3))
    assert two == pytest.approx(1.5 * one, abs=1) and three == pytest.approx(2 * one, abs=1)


def test_a_machine_without_a_gpu_is_told_its_time_and_what_it_was_measured_on(config, prices, assumed):
    config = copy.deepcopy(config)
    source = {"name": "mine", "format": "folder", "photos": 3000, "folder": "photos"}
    config["samples"]["sources"] = [source]
    config["masks"] |= {"weights": "models/yolo11n-seg.pt", "image_size": 640}
    config["edits"] |= {"backend": "telea", "weights": None, "sham": False}
    config["quality"] |= {"judge": "models/rtdetr_v2_r18vd", "judge_image_size": 640}
    config["train"] |= {"clip": None}
    plan = make_plan(config, prices, assumed)
    stages = plan["devices"]["stages"]
    for stage in ("segment_objects", "score_edits"):
        figure = assumed["seconds"][stage]["real"]["two_cores"]
        assert stages[stage]["hours"]["two_cores"] == pytest.approx(
            stages[stage]["items"] * figure["s"] / 3600, abs=1e-4
        )
    told = describe_plan(plan)
    assert "two cores, segment_objects: measured, YOLO11n-seg" in told
    assert "two cores, score_edits:" in told and "two cores, train_clip" not in told
    hours = plan["devices"]["hours"]["two_cores"]
    assert f"two cores {hours * 60:.1f} min" in told
