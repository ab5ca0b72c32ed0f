"""The local server of files: the hub's own client works against it, and its faults are faults."""

import hashlib
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from file_server import Fault, FileServer

LARGE = bytes(range(256)) * 40
REPO = "someone/model"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    server = FileServer()
    server.repos[REPO] = {"main": {"config.json": b'{"a": 1}', "deep/model.safetensors": LARGE}}
    yield server
    server.close()


def test_the_hubs_client_takes_a_snapshot(server, tmp_path):
    folder = huggingface_hub.snapshot_download(REPO, endpoint=server.url, cache_dir=tmp_path, token=False)
    assert Path(folder, "deep/model.safetensors").read_bytes() == LARGE
    assert server.get_commit(REPO, "main") in folder
    sent = server.count_bytes()
    huggingface_hub.snapshot_download(REPO, endpoint=server.url, cache_dir=tmp_path, token=False)
    assert server.count_bytes() == sent == len(LARGE) + 8


def test_the_hubs_client_reads_sizes_and_hashes(server):
    told = huggingface_hub.HfApi(endpoint=server.url, token=False).model_info(REPO, files_metadata=True)
    by_name = {one.rfilename: one for one in told.siblings}
    assert by_name["deep/model.safetensors"].lfs.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert by_name["config.json"].size == 8 and by_name["config.json"].lfs is None


def test_the_hubs_client_goes_on_after_a_broken_connection_and_never_after_a_broken_process(server, tmp_path):
    """Why the bytes come by our own download: the client's partial file has a random name and is
    deleted when it fails, so what another process had fetched is fetched again."""
    path = f"/lfs/{hashlib.sha256(LARGE).hexdigest()}"
    server.break_next(path, Fault("cut", after=6000), Fault("status", status=404))
    call = dict(repo_id=REPO, filename="deep/model.safetensors", endpoint=server.url, token=False)
    with pytest.raises(Exception, match="404"):
        huggingface_hub.hf_hub_download(**call, local_dir=tmp_path)
    assert server.count_bytes("/lfs/") == 6000
    huggingface_hub.hf_hub_download(**call, local_dir=tmp_path)
    assert server.count_bytes("/lfs/") == 6000 + len(LARGE)


def test_what_is_not_there_has_the_hubs_own_errors(server):
    api = huggingface_hub.HfApi(endpoint=server.url, token=False)
    with pytest.raises(huggingface_hub.errors.RepositoryNotFoundError):
        api.model_info("someone/else")
    with pytest.raises(huggingface_hub.errors.RevisionNotFoundError):
        api.model_info(REPO, revision="v2")
    server.gated[REPO] = "hf_secret"
    with pytest.raises(huggingface_hub.errors.GatedRepoError):
        huggingface_hub.hf_hub_download(REPO, "config.json", endpoint=server.url, token=False)
