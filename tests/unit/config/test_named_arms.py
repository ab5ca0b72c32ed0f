"""Arms that docs/TRAINING.md names, and options of an arm: each stands in a config, so that it is run."""

import re

import pytest
import yaml

from unscene.config.checks.arms import check_arm

# It needs paid captions, which no study of drawn scenes has.
PAID = {"template_captions"}


@pytest.fixture(scope="module")
def arms(checkout):
    """All arms of the shipped configs, by name."""
    configs = [yaml.safe_load(path.read_text()) for path in sorted((checkout / "config").glob("*.yaml"))]
    return {
        name: arm or {} for config in configs for name, arm in config.get("train", {}).get("arms", {}).items()
    }


def test_every_arm_of_the_table_stands_in_a_config(arms, checkout):
    page = (checkout / "docs/TRAINING.md").read_text()
    table = page[page.index("| | arm | entry |") :].partition("\n\n")[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[2])}
    assert len(named) > 25 and named - set(arms) == PAID


def test_a_jpeg_is_of_an_arm_whose_image_tower_sees_photos(arms):
    compressed = [arm for arm in arms.values() if arm.get("jpeg")]
    assert compressed and all(arm.get("views") != "whole" and "freeze" not in arm for arm in compressed)


def test_no_arm_is_called_as_the_contrast_with_chance():
    (problem,) = check_arm("chance", {"query_weight": 1.9})
    assert "train.arms.chance" in problem and "another name" in problem
