"""What rules ask of a machine: every rule says it, it grows with attempts, a profile knows the GPUs."""

import re
from pathlib import Path

import pytest
import yaml

from unscene.run.resources import grow

CHECKOUT = Path(__file__).resolve().parents[3]
RULE = re.compile(r"^( *)(?:rule|use rule) (\w+).*:\n((?:\1 {4}.*\n|\n)*)", re.MULTILINE)


def read_rules() -> dict[str, str]:
    """Return the text of every rule that has a script, by name."""
    rules = {}
    for path in sorted((CHECKOUT / "workflow/rules").glob("*.smk")):
        for match in RULE.finditer(path.read_text(encoding="utf-8")):
            if "script:" in match[3]:
                rules[match[2]] = match[3]
    return rules


@pytest.mark.parametrize(
    ("amount", "asked"), [(400, [400, 800, 1600]), ("30m", [30, 60, 120]), ("2h", [120, 240, 480])]
)
def test_a_second_attempt_asks_twice_as_much(amount, asked):
    assert [grow(amount)(None, attempt=attempt) for attempt in (1, 2, 3)] == asked


def test_a_day_is_in_minutes():
    assert grow("1d")(None, attempt=1) == 24 * 60


def test_every_rule_asks_for_memory_and_time_that_grow():
    rules = read_rules()
    assert len(rules) > 50
    assert [name for name, text in rules.items() if not re.search(r"mem_mb=grow\(", text)] == []
    assert [name for name, text in rules.items() if not re.search(r"runtime=grow\(", text)] == []


def test_the_profile_of_a_cluster_sends_the_rules_that_hold_a_gpu_to_it():
    profile = yaml.safe_load((CHECKOUT / "profiles/slurm/profile.yaml").read_text(encoding="utf-8"))
    holding = {name for name, text in read_rules().items() if re.search(r"^ +gpu=", text, re.MULTILINE)}
    assert set(profile["set-resources"]) == holding
    assert {rule["slurm_partition"] for rule in profile["set-resources"].values()} == {"gpu"}
    assert profile["default-resources"]["slurm_partition"] == "cpu"
