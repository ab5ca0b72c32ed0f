"""The preflight: what would stop a run later is told before the first job, and only once."""

import json

import pytest
import yaml
from PIL import Image

from tiny_inpainter import save_tiny_inpainter
from unscene.plan import preflight
from unscene.plan.estimate import get_kind
from unscene.plan.licences import list_licences
from unscene.run.checkout import CHECKOUT


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The embedded default with a source of one photo that is there."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    (tmp_path / "web.tsv").write_text("a red square\thttp://x/1\tred.png\n")
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
    source = {"name": "web", "format": "cc_tsv", "photos": 1}
    config["samples"]["sources"] = [source | {"table": str(tmp_path / "web.tsv"), "images": str(tmp_path)}]
    return config


def test_what_the_checkout_brings_is_not_opened(config):
    embedded = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
    assert preflight.list_what_to_open(embedded) == {}
    assert preflight.check_before_start(embedded, {"segment_objects"}) is None
    assert (
        preflight.check_before_start(config, {"read_samples", "write_report"}) is None
    )  # nothing dear is due


@pytest.mark.parametrize("prefix", ["./", "config/../", f"{CHECKOUT}/"])
def test_the_same_folder_by_another_path_is_embedded(prefix):
    embedded = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
    keys = (("masks", "weights"), ("edits", "weights"), ("quality", "judge"), ("train", "clip"))
    for section, key in keys:
        embedded[section][key] = prefix + embedded[section][key]
        assert get_kind(embedded[section][key]) == "embedded"
    assert preflight.list_what_to_open(embedded) == {}
    assert {row["licence"] for row in list_licences(embedded, CHECKOUT)} == {"AGPL-3.0"}
    assert get_kind("resources/embedded-not/clip") == "real"


def test_a_plan_needs_no_weights(config):
    config["masks"]["weights"] = config["train"]["clip"] = "models/not_fetched_yet.pt"
    assert preflight.check_before_start(config, {"estimate_run"}) is None
    with pytest.raises(FileNotFoundError):
        preflight.list_what_to_open(config)


def test_a_run_is_looked_at_once_and_again_when_its_sources_change(config, tmp_path, capfd):
    assert preflight.check_before_start(config, {"segment_objects"}) is None
    assert "samples.sources web: 1 of 1 photos usable" in capfd.readouterr().err
    assert json.loads((tmp_path / "state/preflight.json").read_text())["opened"]["sources"]
    assert preflight.check_before_start(config, {"segment_objects"}) is None
    assert capfd.readouterr().err == ""
    config["samples"]["sources"][0]["images"] = str(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    assert "Nothing was started" in preflight.check_before_start(config, {"submit_keywords"})
    told = capfd.readouterr().err
    assert "WRONG samples.sources web: no photo of the first 1 is usable" in told and "red.png" in told


def test_a_source_that_is_not_there_is_named_once(config, tmp_path):
    config["samples"]["sources"][0]["table"] = str(tmp_path / "nowhere.tsv")
    _, wrong = preflight.look_at_all(config)
    (line,) = [line for line in wrong if "nowhere.tsv" in line]
    assert line.startswith("  samples.sources, source 'web', key table: ") and line.count("web") == 1


def test_files_that_are_no_weights_are_named(config, tmp_path):
    (tmp_path / "notes.pt").write_text("no weights")
    config["masks"]["weights"] = str(tmp_path / "notes.pt")
    save_tiny_inpainter(tmp_path / "odd", latent_channels=3)
    config["edits"] |= {"backend": "diffusers", "weights": str(tmp_path / "odd")}
    config["quality"]["dino"] = str(tmp_path)
    told, wrong = preflight.look_at_all(config)
    assert [line.split(":")[0].strip() for line in wrong] == [
        "masks.weights",
        "edits.weights",
        "quality.dino",
    ]
    assert "notes.pt" in wrong[0] and "they have 7 and 3" in wrong[1] and "config.json is missing" in wrong[2]
    assert any("GB free" in line for line in told)
    (tmp_path / "lama.pt").write_text("version https://git-lfs.github.com/spec/v1")
    config["edits"] |= {"backend": "lama", "weights": str(tmp_path / "lama.pt")}
    with pytest.raises(ValueError, match="edits.weights: .*lama.pt is a pointer of Git LFS"):
        preflight.open_remover(config)


def test_a_disk_with_less_than_half_of_the_planned_bytes_stops_the_run(config, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(ValueError, match="make room, or choose another --directory"):
        preflight.compare_disk(config)
