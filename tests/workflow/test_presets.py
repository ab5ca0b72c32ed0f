"""The presets: overlays of the edits alone, which the schema takes and which Snakemake can plan with."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stand_in_weights import write_stand_in
from unscene.config.checks.edits import check_edits
from unscene.edits.removers.diffusion import ask_for_steps

CHECKOUT = Path(__file__).resolve().parents[2]
PRESETS = sorted((CHECKOUT / "config/presets").glob("*.yaml"))


# Keys that a preset may set beside the edits: what its remover needs of the rest.
MAY_SET = {"edits", "masks", "runtime", "quality"}


def test_there_are_the_six_presets():
    assert [path.stem for path in PRESETS] == ["lama", "rorem", "rorem_4s", "sd15", "sdxl", "telea"]


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_short_says_its_licence_and_that_it_is_untried(path):
    text = path.read_text()
    preset = yaml.safe_load(text)
    edits = preset["edits"]
    assert len(text.splitlines()) <= 24 and preset.keys() <= MAY_SET and "masks" in preset
    assert "Apache-2.0" in text or "RAIL" in text
    assert ("ot yet run with real weights" in text) == (path.stem != "telea")
    default = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())["edits"]
    assert not list(
        check_edits(default | edits)
    )  # tests/unit/config/test_config.py holds it against the schema
    if edits["backend"] != "diffusers":
        return
    assert preset["runtime"]["precision"] == "bfloat16" and "40 GB" in text
    assert int(ask_for_steps(edits["steps"], edits["strength"]) * edits["strength"]) == edits["steps"]
    assert edits["guidance"] > 1 or not edits["negative_prompt"], (
        "a negative prompt does nothing without guidance"
    )


@pytest.mark.workflow
@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_the_workflow_can_be_planned_with_a_preset(path, tmp_path):
    """With a stand-in for each of the weights, since nobody has them here."""
    edits = yaml.safe_load(path.read_text())["edits"]
    overlay = {"edits": {}}
    for key in ("weights", "lora", "tiny_vae"):
        if edits[key]:
            stand_in = tmp_path / (f"{key}.safetensors" if key == "lora" else key)
            if edits["backend"] == "lama":
                stand_in = tmp_path / "lama.pt"
            write_stand_in(stand_in, f"edits.{key}")
            overlay["edits"][key] = str(stand_in)
    (tmp_path / "weights.yaml").write_text(yaml.safe_dump(overlay))
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "rules", "--cores", "1"]
    command += [
        "--directory",
        str(tmp_path / "run"),
        "--configfile",
        str(path),
        str(tmp_path / "weights.yaml"),
    ]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "remove_objects" in done.stdout
