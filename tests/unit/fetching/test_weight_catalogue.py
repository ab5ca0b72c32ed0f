"""The catalogue of addresses knows what the shipped configs name, and agrees with the libraries."""

import re
from pathlib import Path

import pytest
import yaml

from unscene.fetching.catalogue import Source, _read_catalogue, find_source, parse_address, read_own
from unscene.fetching.downloads import FetchError
from unscene.plan.licences import find_known

ROOT = Path(__file__).resolve().parents[3]


def list_named_weights():
    """Return the paths of weights in the overlays and presets, comments apart."""
    found = set()
    for path in (*ROOT.glob("config/*.yaml"), *ROOT.glob("config/presets/*.yaml")):
        found |= set(re.findall(r"\bmodels/[\w./-]+", yaml.dump(yaml.safe_load(path.read_text()))))
    return sorted(found)


@pytest.mark.parametrize("path", list_named_weights())
def test_what_the_shipped_configs_name_is_known_with_its_licence(path):
    source, is_own = find_source(path)
    assert source is not None and not is_own
    assert find_known(path) is not None


def test_hashes_are_those_that_openai_has_in_its_addresses():
    rows = [row for row in _read_catalogue() if row.url and "openaipublic" in row.url]
    assert len(rows) == 3
    for row in rows:
        assert row.sha256 in row.url


def test_addresses_of_clips_are_those_of_open_clips_own_table():
    import open_clip

    known = {
        open_clip.get_pretrained_cfg(*one).get("hf_hub", "").strip("/") for one in open_clip.list_pretrained()
    }
    urls = {open_clip.get_pretrained_cfg(*one).get("url") for one in open_clip.list_pretrained()}
    names = ["CLIP-ViT-B-32-laion2B-s34B-b79K", "CLIP-ViT-B-16-DataComp.XL-s13B-b90K", "DFN2B-CLIP-ViT-B-16"]
    names += [
        "CLIP-ViT-B-32-256x256-DataComp-s34B-b86K",
        "MobileCLIP2-S0",
        "ViT-B-16-SigLIP2",
        "PE-Core-B-16",
    ]
    names += ["ViT-B-32-SigLIP2-256", "CLIP-ViT-B-16-laion2B-s34B-b88K"]
    for name in names:
        assert find_source(f"models/{name}")[0].hub in known, name
    for name in ("ViT-B-32-quickgelu", "ViT-B-16-quickgelu", "ViT-L-14-quickgelu"):
        assert find_source(f"models/{name}")[0].url in urls


def test_addresses_of_yolos_are_those_of_ultralytics_own_list():
    pytest.importorskip("ultralytics")
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES

    pattern = next(row.lands for row in _read_catalogue() if row.url and "ultralytics" in row.url)
    fitting = [name for name in GITHUB_ASSETS_NAMES if re.fullmatch(pattern, name)]
    assert {"yolo26x-seg.pt", "yolo11n-seg.pt", "yolov8n.pt"} <= set(fitting)
    assert find_source("models/yolo26x-seg.pt")[0].url.endswith("/yolo26x-seg.pt")
    assert find_source("models/yolo99x-seg.pt") == (None, False)


def test_members_and_names_are_filled_in():
    source, _ = find_source("data/coco/annotations/instances_val2017.json")
    assert source.member == "annotations/instances_val2017.json" and source.url.endswith("trainval2017.zip")
    assert find_source("models/dinov2-small")[0].hub == "facebook/dinov2-small"


@pytest.mark.parametrize(
    ("told", "is_as"),
    [
        ("m/a=hf:x/y", {"hub": "x/y"}),
        ("m/a=hf:x/y@v1.0", {"hub": "x/y", "revision": "v1.0"}),
        ("m/a=hf:x/y@refs/pr/1:sub/f.pt", {"hub": "x/y", "revision": "refs/pr/1", "file": "sub/f.pt"}),
        ("m/a=hf:x/y:f.pt", {"hub": "x/y", "file": "f.pt"}),
        ("m/a=https://h/f.pt?a=b#sha256=12", {"url": "https://h/f.pt?a=b", "sha256": "12"}),
    ],
)
def test_addresses_of_the_command_line(told, is_as):
    assert parse_address(told) == Source(re.escape("m/a"), **is_as)
    own = [parse_address("models/RORem=hf:me/mine")]
    source, is_own = find_source("models/RORem", own)
    assert is_own and source.hub == "me/mine"


@pytest.mark.parametrize("told", ["m/a", "=hf:x/y", "m/a=x/y", "m/a=ftp://h/f", "m/a=hf:x"])
def test_other_addresses_are_refused(told):
    with pytest.raises(FetchError, match="--from"):
        parse_address(told)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1",
        "- {hub: x/y}",
        "- {lands: a}",
        "- {lands: '(', hub: x/y}",
        "- {lands: a, hub: b, colour: c}",
        ":\n-",
    ],
)
def test_a_catalogue_of_another_form_is_refused(tmp_path, text):
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(FetchError, match="own.yaml"):
        read_own(tmp_path / "own.yaml")
