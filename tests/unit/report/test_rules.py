"""The stages of the rules, read from where they are declared: all rules of the workflow are known,
and each by its own name.
"""

import re

import pytest

from fake_run import CHECKOUT
from unscene.report.rules import list_rules
from unscene.report.times import count_items

RULE_FILES = sorted((CHECKOUT / "workflow" / "rules").glob("*.smk"))


def split_rules(text: str) -> dict[str, str]:
    """Return the text of each rule of a rule file by its name, without `list_rules`."""
    parts = re.split(r"(?m)^[ ]*(?:rule|checkpoint|use rule \w+ as) (\w+)(?::| with:)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_every_rule_is_known_by_its_file_and_has_a_log_and_benchmark_of_its_name(path):
    rules = split_rules(path.read_text(encoding="utf-8"))
    known = list_rules()
    assert [rule for rule, stage in known.items() if stage == path.stem] == list(rules)
    for rule, text in rules.items():
        for folder in ("logs", "benchmarks"):
            assert re.search(rf'"{folder}/{rule}[./]', text), f"{rule} has no {folder} of its own name"


def test_rules_stand_in_the_order_of_the_flow():
    stages = list(dict.fromkeys(list_rules().values()))
    order = ["samples", "keywords", "masks", "edits", "quality", "folds", "train", "evaluate", "report"]
    assert [stage for stage in stages if stage in order] == order


def test_what_has_items_is_a_rule(run):
    assert set(count_items(run)) <= set(list_rules())
