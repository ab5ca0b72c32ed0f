"""Licences of weights: what a card says, what a name tells, and nothing that is made up."""

from pathlib import Path

import pytest
import yaml

from unscene.edits.removers import FILES
from unscene.plan.licences import UNKNOWN, find_known, list_licences, read_card
from unscene.run.configuration import WEIGHTS

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("path", "licence"),
    [
        ("models/yolo26x-seg.pt", "AGPL-3.0"),
        ("/data/rf-detr-seg-medium", "Apache-2.0"),
        ("models/rf-detr-xlarge", "PML-1.0"),
        ("models/rtdetr_v2_r101vd", "Apache-2.0"),
        ("models/ObjectClear", "S-Lab License 1.0"),
        ("models/stable-diffusion-xl-1.0-inpainting-0.1", "CreativeML Open RAIL++-M"),
        ("models/stable-diffusion-inpainting", "CreativeML Open RAIL-M"),
        ("resources/embedded/clip", "AGPL-3.0"),
    ],
)
def test_weights_of_a_known_name(path, licence):
    assert find_known(path)[0] == licence


def test_a_card_goes_before_the_name_and_an_unknown_name_has_no_licence(tmp_path):
    folder = tmp_path / "stable-diffusion-inpainting"
    folder.mkdir()
    config = {key.split(".")[0]: {} for key in WEIGHTS} | {"edits": {"weights": str(folder)}}
    assert list_licences(config, CHECKOUT)[0]["licence"] == "CreativeML Open RAIL-M"
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: mine-1.0\n---\n# Mine\n")
    assert list_licences(config, CHECKOUT)[0] | {"path": ""} == {
        "key": "edits.weights",
        "path": "",
        "licence": "mine-1.0",
        "note": "by README.md beside it",
    }
    config = config | {"edits": {"weights": "models/nobody-knows-it"}}
    assert list_licences(config, CHECKOUT)[0]["licence"] == UNKNOWN


@pytest.mark.parametrize("text", ["# no head", "---\nlicense: [\n---\n", "---\ntitle: x\n---\n", ""])
def test_a_card_that_says_nothing_tells_nothing(tmp_path, text):
    (tmp_path / "README.md").write_text(text)
    assert read_card(tmp_path) is None


@pytest.mark.parametrize("name", ["coco30k", "cc3m"])
def test_all_weights_of_the_shipped_configs_are_known(name):
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
    for section, block in yaml.safe_load((CHECKOUT / f"config/{name}.yaml").read_text()).items():
        config[section] = config.get(section, {}) | block
    rows = list_licences(config, CHECKOUT)
    assert len(rows) >= 4 and UNKNOWN not in {row["licence"] for row in rows}, rows


def test_the_judge_of_the_course_run_is_of_another_family_than_its_segmenter():
    config = yaml.safe_load((CHECKOUT / "config/coco30k.yaml").read_text())
    assert find_known(config["masks"]["weights"])[0] != find_known(config["quality"]["judge"])[0]


def test_every_file_that_a_remover_reads_is_among_the_weights():
    assert {f"edits.{key}" for key in FILES} == {key for key in WEIGHTS if key.startswith("edits.")}
