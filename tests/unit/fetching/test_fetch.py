"""`unscene fetch` against a local hub: what is shown, what comes, what is never fetched twice."""

import copy
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
import yaml
from huggingface_hub import constants
from test_fetched_photos import draw

from file_server import Fault, FileServer
from unscene.clip.models import load_clip
from unscene.config.reading import read_config
from unscene.edits.removers.pipeline_folder import check_pipeline_folder
from unscene.fetching.catalogue import Source
from unscene.fetching.downloads import FetchError, Patience, find_part
from unscene.fetching.fetch import Wishes, fetch_config
from unscene.fetching.photos import Manners
from unscene.samples.counting import complete_sources
from unscene.samples.readers import iterate_items

ROOT = Path(__file__).resolve().parents[3]
CLIP = "models/ViT-B-32-quickgelu"
HURRIED = Patience(tries=2, wait_s=0.01, silence_s=2.0)
YOLO = os.urandom(60_000)
CONFIG = {
    "samples": {
        "sources": [
            {
                "name": "coco",
                "format": "coco",
                "photos": 3,
                "captions": "data/annotations/captions_train2017.json",
                "instances": "data/annotations/instances_train2017.json",
                "images": "data/train2017",
            }
        ]
    },
    "masks": {"weights": "yolo26n-seg.pt"},
    "edits": {"weights": "models/RORem"},
    "train": {"clip": CLIP, "arms": {"absence": None}},
    "deploy": {"arm": "paired_rank_keep"},
}


def read_files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def server(monkeypatch, tmp_path):
    server = FileServer()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    pipeline = read_files(ROOT / "resources/embedded/inpainter")
    junk = {"safety_checker/model.safetensors": os.urandom(5000), "model.ckpt": os.urandom(5000)}
    server.repos["me/remover"] = {"main": {**pipeline, **junk, "README.md": b"---\nlicense: mit\n---\n"}}
    server.cards["me/remover"] = {"license": "mit"}
    server.repos["timm/clip"] = {"main": read_files(ROOT / "resources/embedded/clip")}
    server.files["yolo26n-seg.pt"] = YOLO
    server.files |= {f"{n}.jpg": draw(n) for n in (1, 2)}
    images = [
        {"id": n, "file_name": f"{n}.jpg", "coco_url": f"{server.url}/files/{n}.jpg", "flickr_url": "x"}
        for n in (1, 2, 3)
    ]
    captions = {"images": images, "annotations": [{"image_id": 1, "id": 1, "caption": "A dog."}]}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for kind in ("captions", "instances"):
            opened.writestr(f"annotations/{kind}_train2017.json", json.dumps(captions))
    server.files["annotations.zip"] = archive.getvalue()
    yield server
    server.close()


def list_own(server):
    return [
        Source("models/RORem", hub="me/remover"),
        Source(CLIP, hub="timm/clip"),
        Source(r"models/yolo.*\.pt", url=f"{server.url}/files/{{name}}"),
        Source(r".*_train2017\.json", url=f"{server.url}/files/annotations.zip", member="annotations/{name}"),
    ]


@pytest.fixture
def fetch(server, tmp_path, monkeypatch):
    (tmp_path / "overlay.yaml").write_text(yaml.dump(CONFIG))
    config = read_config(ROOT, [tmp_path / "overlay.yaml"])
    config["train"]["clip"] = None  # a CLIP takes seconds to be written anew: two tests ask for it
    config["quality"]["judge"] = "models/yolo26n-seg.pt"
    checkout = tmp_path / "checkout"
    checkout.mkdir(exist_ok=True)

    def fetch(is_offline=False, **given):
        said = []
        if not is_offline:
            monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)  # models that a test loads set it
        wishes = {"own": list_own(server), "manners": Manners(private=True, seconds=5), "patience": HURRIED}
        status = fetch_config(config, checkout, Wishes(**wishes | given), said.append)
        return status, "\n".join(said)

    fetch.config, fetch.checkout = config, checkout
    return fetch


def test_a_dry_run_shows_bytes_licences_and_commits_and_fetches_nothing(server, fetch):
    status, said = fetch(is_dry=True)
    assert status == 1 and server.count_bytes() == 0 and not any(fetch.checkout.iterdir())
    commit = server.get_commit("me/remover", "main")[:12]
    rorem = next(line for line in said.splitlines() if "models/RORem" in line)
    assert rorem.endswith("  mit") and "  ?" not in rorem
    assert f"hf:me/remover, commit {commit}" in said and "for edits.weights" in said
    assert "60 kB" in said and "AGPL-3.0" in said and "masks.weights; quality.judge" in said
    assert "photos of coco: up to 3, known once its lists are there" in said


def test_all_that_is_named_comes_is_checked_and_never_comes_twice(server, fetch):
    fetch.config["train"]["clip"] = CLIP
    status, said = fetch()
    assert status == 0, said
    models = fetch.checkout / "models"
    check_pipeline_folder(models / "RORem")
    assert not (models / "RORem/safety_checker").exists() and not (models / "RORem/model.ckpt").exists()
    load_clip(fetch.checkout / CLIP)
    assert (models / "yolo26n-seg.pt").read_bytes() == YOLO
    assert sorted(path.name for path in (fetch.checkout / "data/train2017").iterdir()) == ["1.jpg", "2.jpg"]
    assert "photos of coco: 2 came, gone 1" in said
    left = [path for path in fetch.checkout.rglob("*") if ".part-" in path.name]
    assert left == []
    record = json.loads((models / "RORem.fetched.json").read_text())
    assert record["commit"] == server.get_commit("me/remover", "main") and len(record["files"]) > 5
    wanted = sum(one["bytes"] for one in record["files"]) + len(YOLO) + len(server.files["annotations.zip"])
    wanted += sum(len(content) for content in server.repos["timm/clip"]["main"].values())
    wanted += sum(len(server.files[f"{n}.jpg"]) for n in (1, 2)) + len(b"not here")
    assert server.count_bytes() == wanted  # the archive of both lists came once, too

    asked = len(server.requests)
    status, said = fetch()
    assert status == 0 and len(server.requests) == asked
    assert "1 will not come" in said and said.endswith("all that the config names is there.")


def test_of_a_source_that_takes_a_part_come_the_photos_that_the_run_reads(fetch, tmp_path, monkeypatch):
    fetch.config["samples"]["sources"][0] |= {"take": 2}
    fetch()
    config = copy.deepcopy(fetch.config)
    monkeypatch.chdir(tmp_path)
    complete_sources(config, fetch.checkout)
    (source,) = config["samples"]["sources"]
    read = [item.path for item in iterate_items(source, range(source["photos"]), fetch.checkout)]
    assert len(read) == 2
    there = set((fetch.checkout / "data/train2017").iterdir())
    assert there == {path for path in read if path.name != "3.jpg"}  # nobody has that one


def test_photos_of_conceptual_captions_and_of_tables_come_by_their_addresses(server, fetch):
    lines = [f"A dog.\t{server.url}/files/1.jpg", f"A cat.\t{server.url}/files/404.jpg", "A cow.\tnowhere"]
    (fetch.checkout / "cc.tsv").write_text("\n".join(lines) + "\n")
    table = f"path,caption,url\nsub/x.jpg,A dog.,{server.url}/files/2.jpg\n"
    (fetch.checkout / "mine.csv").write_text(table)
    cc = {"name": "cc", "format": "cc_tsv", "photos": 3, "table": "cc.tsv", "images": "cc"}
    mine = {"name": "mine", "format": "table", "table": "mine.csv", "images": "mine"}
    fetch.config["samples"]["sources"] = [cc, mine]
    said = fetch()[1]
    assert (fetch.checkout / "cc/00000000.jpg").read_bytes() == server.files["1.jpg"]
    assert (fetch.checkout / "mine/sub/x.jpg").read_bytes() == server.files["2.jpg"]
    assert "photos of cc: 1 came, gone 1, no_address 1" in said and "photos of mine: 1 came" in said


def test_a_folder_that_broke_off_goes_on_and_is_never_of_two_commits(server, fetch):
    files = server.repos["me/remover"]["main"]
    content = next(files[name] for name in files if name.startswith("unet/") and name.endswith("safetensors"))
    lfs = f"/lfs/{hashlib.sha256(content).hexdigest()}"
    server.break_next(lfs, Fault("cut", after=10_000), *[Fault("status", status=503)] * 2)
    status, said = fetch(photos=False)
    assert status == 1 and "models/RORem: " in said and "run the same line again" in said
    assert not (fetch.checkout / "models/RORem").exists()
    before = server.count_bytes(lfs)
    assert before == 10_000

    commit = server.get_commit("me/remover", "main")
    server.repos["me/remover"] = {commit: server.repos["me/remover"]["main"], "main": {"config.json": b"{}"}}
    server.get_commit = lambda repo, revision, known=server.get_commit: (
        commit if (repo, revision) == ("me/remover", commit) else known(repo, revision)
    )
    status, said = fetch(photos=False)
    assert status == 0, said
    assert server.count_bytes(lfs) == len(content)
    assert json.loads((fetch.checkout / "models/RORem.fetched.json").read_text())["commit"] == commit


def test_what_the_hubs_cache_has_is_copied(server, fetch, tmp_path):
    import huggingface_hub

    huggingface_hub.snapshot_download(
        "timm/clip", endpoint=server.url, cache_dir=tmp_path / "cache", token=False
    )
    sent = server.count_bytes()
    fetch.config["edits"]["weights"], fetch.config["train"]["clip"] = "resources", CLIP
    (fetch.checkout / "resources").mkdir()
    status, said = fetch(photos=False)
    assert status == 0, said
    others = len(YOLO) + len(server.files["annotations.zip"])
    assert server.count_bytes() - sent == others


def test_a_token_opens_a_gated_repository_and_is_never_sent_to_another_host(server, fetch, monkeypatch):
    server.gated["me/remover"] = "hf_secret"
    status, said = fetch(photos=False)
    assert status == 1 and "accept its terms" in said and "HF_TOKEN" in said
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    status, said = fetch(photos=False)
    assert status == 0, said
    sent = [one for one in server.requests if any(key.lower() == "authorization" for key in one.headers)]
    assert any("/resolve/" in one.path for one in sent)
    assert not any(one.path.startswith(("/lfs/", "/files/")) for one in sent)


def test_offline_says_what_is_missing_and_asks_nobody(server, fetch, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    status, said = fetch(is_offline=True)
    assert status == 1 and not server.requests
    assert "models/RORem" in said and "hf:me/remover" in said and str(fetch.checkout) in said


def test_what_nobody_knows_is_named_with_the_way_out_and_the_rest_comes(server, fetch):
    fetch.config["quality"]["judge"] = "models/mystery"
    fetch.config["edits"]["lora"] = "models/RORem-4S/lcm_lora.safetensors"
    status, said = fetch(photos=False)
    assert status == 1 and (fetch.checkout / "models/RORem").is_dir()
    still = said.partition("Still missing:")[2]
    assert "--from models/mystery=hf:OWNER/NAME" in still and "Google Drive" in still


def test_no_answer_and_a_disk_too_small_fetch_nothing(server, fetch, monkeypatch):
    assert fetch(agree=lambda: False)[0] == 1
    assert server.count_bytes() == 0
    server.files["yolo26n-seg.pt"] = b""
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 5))
    with pytest.raises(FetchError, match="are to come, and 5 B are free; make room"):
        fetch()
    assert server.count_bytes() == 0


def test_a_hub_that_is_not_there_or_has_no_such_thing_says_so(server, fetch, monkeypatch):
    fetch.config["train"]["clip"] = CLIP
    wrong = [Source("models/RORem", hub="me/nothing"), Source("models/ViT.*", hub="timm/clip", revision="v9")]
    said = fetch(own=[*wrong, *list_own(server)], photos=False)[1]
    assert "has no such repository" in said and "has no such revision" in said
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9 cannot be reached" in fetch(photos=False)[1]


def test_weights_that_are_there_and_broken_are_named(fetch):
    (fetch.checkout / "models").mkdir()
    (fetch.checkout / "models/yolo26n-seg.pt").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    status, said = fetch(photos=False)
    assert status == 1 and "is a pointer of Git LFS" in said.partition("Still missing:")[2]
    assert "delete it, and run the same line again" in said


def test_names_that_lead_elsewhere_are_refused(server, fetch):
    server.repos["me/remover"]["main"]["../../evil.json"] = b"{}"
    status, said = fetch(photos=False)
    assert status == 1 and "would land elsewhere" in said


def test_the_command_goes_on_after_it_was_killed(server, tmp_path):
    """As a user does it: the same line again, after kill -9 in the middle of a file."""
    weights = tmp_path / "models/yolo.pt"
    (tmp_path / "overlay.yaml").write_text(yaml.dump({"masks": {"weights": str(weights)}}))
    line = [sys.executable, "-m", "unscene", "fetch", str(tmp_path / "overlay.yaml"), "--yes"]
    line += ["--from", f"{weights}={server.url}/files/yolo26n-seg.pt"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HOME": str(tmp_path)}
    environment.pop("HF_HUB_OFFLINE", None)
    server.break_next("/files/yolo26n-seg.pt", Fault("hang", after=20_000, seconds=200))
    first = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 150  # a busy machine starts slowly
    part = find_part(weights)
    while not (part.is_file() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not weights.exists() and 0 < part.stat().st_size <= 20_000
    kept = part.stat().st_size
    second = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert weights.read_bytes() == YOLO and "60 kB" not in second.stdout
    assert server.count_bytes("yolo26n-seg.pt") == 20_000 + len(YOLO) - kept
    third = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert third.stdout.startswith("Nothing is missing") and third.returncode == 0
