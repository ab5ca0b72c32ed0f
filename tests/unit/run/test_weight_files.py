"""Files of weights that are told from their first and last bytes, and from their check sums."""

import json

import pytest
import torch
from safetensors.torch import save_file

from unscene.run.loaded_weights import check_archive
from unscene.run.weight_files import WeightsError, find_broken_weights

WEIGHTS = torch.arange(1, 200_001, dtype=torch.float32)


@pytest.fixture
def files(tmp_path):
    """A whole file of each form."""
    save_file({"w": WEIGHTS}, tmp_path / "w.safetensors")
    torch.save({"w": WEIGHTS}, tmp_path / "w.pt")
    torch.save({"w": WEIGHTS}, tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    return tmp_path


def test_whole_files_have_no_fault(files):
    # A short file may well end in a bias that is zero; and so may a long one, within bounds.
    save_file({"w": torch.zeros(20_000)}, files / "short.safetensors")
    save_file({"a": WEIGHTS, "b": torch.zeros(2_000)}, files / "bias.safetensors")
    assert find_broken_weights(files) is None
    for file in files.iterdir():
        check_archive(file)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "old.bin"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_download_that_broke_off_after_room_was_made_is_told(files, name, share):
    data = (files / name).read_bytes()
    kept = int(share * len(data))
    (files / name).write_bytes(data[:kept] + bytes(len(data) - kept))
    assert f"{name} ends in zeros: its download broke off; fetch it again" in find_broken_weights(files)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"Entry not found", "is text, not weights: 'Entry not found'"),
        (json.dumps({"error": "Repository not found"}).encode(), "is text, not weights"),
        (b'<?xml version="1.0"?><Error/>', "is a web page"),
    ],
)
@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.onnx"])
def test_an_answer_in_words_is_no_weights(tmp_path, content, told, name):
    (tmp_path / name).write_bytes(content)
    assert told in find_broken_weights(tmp_path / name)


def test_weights_without_tensors_are_told(tmp_path):
    save_file({}, tmp_path / "w.safetensors")
    assert "holds no tensors" in find_broken_weights(tmp_path)


@pytest.mark.parametrize("place", [0.3, 0.9])
def test_one_changed_bit_of_an_archive_is_told(files, place):
    data = bytearray((files / "w.pt").read_bytes())
    data[int(place * len(data))] ^= 1
    (files / "w.pt").write_bytes(data)
    assert torch.load(files / "w.pt")["w"].shape == WEIGHTS.shape  # torch does not mind
    with pytest.raises(WeightsError, match="w.pt is damaged: .* has another check sum; fetch it again"):
        check_archive(files / "w.pt")
