"""What a sum of money buys: the study with the most power, within the sum."""

import pytest
import yaml
from snakemake.utils import update_config

from unscene.answers.prices import read_prices
from unscene.plan.study_budget import find_design, get_joint_power, make_estimator, tabulate_studies
from unscene.samples.counting import complete_sources


@pytest.fixture(scope="module")
def course(checkout):
    def read(name):
        return yaml.safe_load((checkout / name).read_text(encoding="utf-8"))

    config = read("config/config.yaml")
    update_config(config, read("config/coco30k.yaml"))
    complete_sources(config, checkout, is_plan=True)
    return config


@pytest.fixture(scope="module")
def known(checkout):
    resources = checkout / "src/unscene/resources"
    assumed = yaml.safe_load((resources / "throughput.yaml").read_text(encoding="utf-8"))
    return read_prices(resources / "prices.yaml"), assumed


@pytest.fixture(scope="module")
def estimate(course, known):
    return make_estimator(course, *known, 30_000)


@pytest.mark.parametrize(("sizes", "usd"), [([20], 3.0), ([20, 50], 12.0)])
def test_no_study_near_it_has_more_power_for_the_money(estimate, sizes, usd):
    best = find_design(sizes, usd, 30_000, estimate)
    study = estimate(best)
    assert study["usd"] <= usd
    assert all(study["prompts"][name] >= one["prompts_needed"] for name, one in study["sizes"].items())
    for permutations in range(max(1, best["permutations"] - 3), best["permutations"] + 4):
        for captions in range(max(50, best["captions"] - 300), best["captions"] + 600, 50):
            other = estimate({"captions": captions, "sizes": sizes, "permutations": permutations})
            if other["usd"] > usd:
                break
            short = [n for n, one in other["sizes"].items() if other["prompts"][n] < one["prompts_needed"]]
            assert short or get_joint_power(other) <= get_joint_power(study) + 1e-12


def test_a_sum_that_rules_out_no_shift_buys_nothing(estimate):
    assert find_design([20], 0.2, 30_000, estimate) is None
    assert find_design([5, 100], 3.0, 30_000, estimate) is None


def test_the_table_holds_what_the_plan_computes(course, known, estimate):
    lines = tabulate_studies(course, *known, 30_000, others_usd=7.0).splitlines()
    own = estimate(course["batchsize"])
    assert lines[2].startswith(f"| $10 | 20 | {own['items']:,}, {course['batchsize']['permutations']} |")
    assert f"| ${own['usd']:.2f} | {100 * own['sizes']['20']['power']:.0f} % |" in lines[2]
    assert [line.split(" | ")[0] for line in lines[3:]] == ["| $25", "| $25"]
    for line in lines[3:]:
        assert 16 < float(line.split(" | ")[3].strip("$")) <= 17.8
