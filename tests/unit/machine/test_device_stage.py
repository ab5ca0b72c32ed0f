"""The engine of the device stages: what overlaps, what is padded, and what is left after memory
runs out or a job is killed.
"""

import json
import os
import signal
import threading
import time

import pytest

from unscene.machine import engine as device_stage
from unscene.machine.engine import DeviceError, DeviceStage, Engine, StageStopped, is_out_of_memory
from unscene.machine.scratch import Scratch
from unscene.photos.images import PhotoError

RUNTIME = {"batch_size": 4, "workers": 2}


class Doubling(DeviceStage):
    """Doubles numbers; `faults` maps an item to what happens to it. Remembers the batches that the
    device saw.
    """

    name = "doubling"

    def __init__(self, faults=None, fits=None, on_batch=None, attempts=1):
        self.faults, self.fits, self.on_batch, self.attempts = faults or {}, fits, on_batch, attempts
        self.batches, self.kept = [], []

    def key(self, item):
        return "#".join(str(part) for part in item) if isinstance(item, tuple) else str(item)

    def read(self, item):
        if self.faults.get(item) == "unreadable":
            raise PhotoError("broken", f"item {item}")
        return item[0] if isinstance(item, tuple) else item

    def work(self, items, inputs, batch_size):
        self.batches.append(list(items))
        if self.on_batch:
            self.on_batch(len(self.batches))
        if self.fits is not None and batch_size > self.fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        for item in items:
            if self.faults.get(item) == "breaks":
                raise ValueError(f"cannot take {item}")
        return [2 * value for value in inputs]

    def keep(self, item, value, output, batch, folder):
        self.kept.append(item)
        (folder / f"{self.key(item)}.txt").write_text(str(output))
        return {"status": "ok", "double": output, "size": batch.size}, [f"{self.key(item)}.txt"]

    def follow(self, item, result):
        if self.attempts == 1:
            return None
        name, attempt = item if isinstance(item, tuple) else (item, 1)
        return (name, attempt + 1) if result["status"] == "ok" and attempt < self.attempts else None


def run(path, stage, items=range(10), lineage="a", runtime=RUNTIME):
    with Scratch(path, lineage) as scratch:
        engine = Engine(stage, runtime, scratch)
        results = engine.run(items)
        return results, engine.timing


def test_every_item_has_its_result_and_batches_are_full(tmp_path):
    stage = Doubling()
    results, timing = run(tmp_path / "s", stage)
    assert {key: result["double"] for key, result in results.items()} == {str(n): 2 * n for n in range(10)}
    assert [len(batch) for batch in stage.batches] == [4, 4, 2]
    assert (timing.items, timing.batches, timing.resumed) == (10, 3, 0) and 0 <= timing.busy_share <= 1
    timing.write(tmp_path / "a.device.json")
    written = json.loads((tmp_path / "a.device.json").read_text())
    assert written["device"] == "CPU" and written["items"] == 10  # no CUDA in this process
    assert (tmp_path / "s" / "files" / "7.txt").read_text() == "14"
    assert list((tmp_path / "s" / "batches").iterdir()) == []  # all encoded


def test_an_unreadable_item_is_a_row_and_shortens_no_batch(tmp_path):
    stage = Doubling({2: "unreadable"})
    results, _ = run(tmp_path / "s", stage)
    assert results["2"] == {"status": "failed", "reason": "broken"}
    assert stage.batches == [[0, 1, 3, 4], [5, 6, 7, 8], [9]]


def test_an_item_that_breaks_the_device_is_a_row(tmp_path):
    stage = Doubling({5: "breaks"})
    results, _ = run(tmp_path / "s", stage)
    assert results["5"] == {"status": "failed", "reason": "device_error"}
    assert sum(result["status"] == "ok" for result in results.values()) == 9


def test_a_device_that_always_fails_stops_the_job(tmp_path):
    with pytest.raises(DeviceError, match="each item of a batch fails"):
        run(tmp_path / "s", Doubling(dict.fromkeys(range(10), "breaks")))
    with pytest.raises(DeviceError, match="8 items in a row"):
        run(tmp_path / "t", Doubling(dict.fromkeys(range(10), "breaks")), runtime=RUNTIME | {"batch_size": 1})


@pytest.mark.parametrize(
    ("breaks", "batch_size", "stops"),
    [
        ("xxxxxxx", 1, False),
        ("xxxxxxxx", 1, True),  # eight in a row
        ("xxxxxxx.xxxxxxx", 1, False),  # one that succeeds ends a row
        ("xxxxxxx.xxxxxxxx", 1, True),
        ("xxxxxxx?x", 1, True),  # one that could not be read never reached the device
        ("xxx." * 4, 4, False),  # nor do three of every batch
        (".xxx" * 4, 4, False),
        ("x.x." * 4, 2, False),
    ],
)
def test_eight_failures_in_a_row_mean_a_bad_device(tmp_path, breaks, batch_size, stops):
    faults = {n: {"x": "breaks", "?": "unreadable"}[kind] for n, kind in enumerate(breaks) if kind != "."}
    stage, runtime = Doubling(faults), RUNTIME | {"batch_size": batch_size}
    if stops:
        with pytest.raises(DeviceError, match="8 items in a row"):
            run(tmp_path / "s", stage, range(len(breaks)), runtime=runtime)
        return
    results, _ = run(tmp_path / "s", stage, range(len(breaks)), runtime=runtime)
    failed = {int(key) for key, result in results.items() if result["status"] == "failed"}
    assert failed == set(faults) and len(results) == len(breaks)


def test_items_that_memory_is_short_for_count_as_failures_too(tmp_path):
    with pytest.raises(DeviceError, match="8 items in a row"):
        run(tmp_path / "s", Doubling(fits=0), range(8))
    assert len(run(tmp_path / "t", Doubling(fits=0), range(7))[0]) == 7


def test_out_of_memory_halves_the_batch_and_goes_on(tmp_path):
    stage = Doubling(fits=1)
    results, timing = run(tmp_path / "s", stage)
    assert [result["double"] for _, result in sorted(results.items())] == [2 * n for n in range(10)]
    assert {result["size"] for result in results.values()} == {1}
    assert [len(batch) for batch in stage.batches] == [4, 2] + 10 * [1]


def test_memory_short_for_one_item_alone_is_a_row(tmp_path):
    results, _ = run(tmp_path / "s", Doubling(fits=0), items=[1])
    assert results["1"] == {"status": "failed", "reason": "out_of_memory"}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_torchs_own_error_counts_as_out_of_memory():
    import torch

    assert is_out_of_memory(torch.OutOfMemoryError("whatever it says"))


def test_decoding_device_and_encoding_overlap(tmp_path):
    """The second batch is read while the device has the first, which is kept while it has the second:
    each waits for the other, so that steps one after the other would meet nobody.
    """
    reads, keeps = threading.Barrier(2, timeout=60), threading.Barrier(2, timeout=60)

    class Meeting(Doubling):
        def read(self, item):
            if item == 7:
                reads.wait()
            return super().read(item)

        def work(self, items, inputs, batch_size):
            (reads if items[0] == 0 else keeps).wait()
            return super().work(items, inputs, batch_size)

        def keep(self, item, value, output, batch, folder):
            if item == 0:
                keeps.wait()
            return super().keep(item, value, output, batch, folder)

    results, timing = run(tmp_path / "s", Meeting(), range(8))
    assert {result["status"] for result in results.values()} == {"ok"}
    assert timing.batches == 2 and 0 < timing.busy_share <= 1


def test_memory_is_bounded_in_items_and_bytes(tmp_path, monkeypatch):
    """A slow device and a slow encoder: what is read and not yet kept stays within the bounds, and
    huge items go alone.
    """
    alive, most, mutex = 0, 0, threading.Lock()

    class Weighed(Doubling):
        def count_bytes(self, item):
            return 100

        def read(self, item):
            nonlocal alive, most
            with mutex:
                alive += 1
                most = max(most, alive)
            return item

        def keep(self, item, value, output, batch, folder):
            nonlocal alive
            time.sleep(0.005)
            with mutex:
                alive -= 1
            return {"status": "ok"}, []

    stage = Weighed()
    run(tmp_path / "s", stage, range(100))
    assert most <= 2 * 4 + 4 + 2 * 4 + 1
    most, stage.batches = 0, []
    monkeypatch.setattr(device_stage, "MAX_BYTES", 250)
    run(tmp_path / "t", stage, range(40))
    assert {len(batch) for batch in stage.batches} == {2} and most <= 2 + 3 + 2 + 1


@pytest.mark.parametrize("at", [1, 2, 3])
def test_sigterm_keeps_what_is_finished_and_the_next_run_continues(tmp_path, at):
    first = Doubling(on_batch=lambda n: os.kill(os.getpid(), signal.SIGTERM) if n == at else None)
    if at == 3:  # nothing is left to do: the job may as well end
        results, _ = run(tmp_path / "s", first)
        assert len(results) == 10
        return
    with pytest.raises(StageStopped, match=rf"{4 * at} finished items .* run again"):
        run(tmp_path / "s", first)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    second = Doubling()
    results, timing = run(tmp_path / "s", second)
    assert len(first.batches) + len(second.batches) == 3 and timing.resumed == 4 * at
    assert {key: result["double"] for key, result in results.items()} == {str(n): 2 * n for n in range(10)}


def test_another_lineage_discards_what_was_kept(tmp_path):
    run(tmp_path / "s", Doubling())
    stage = Doubling()
    run(tmp_path / "s", stage, lineage="b")
    assert len(stage.batches) == 3


def test_what_a_kill_left_is_checked_before_it_is_believed(tmp_path):
    run(tmp_path / "s", Doubling())
    folder = tmp_path / "s"
    (folder / "files" / "3.txt").write_text("half")
    (folder / "files" / "4.txt").unlink()
    with open(folder / "journal.jsonl", "a") as journal:
        journal.write('{"key": "11", "result": {"status"')  # cut off
    stage = Doubling()
    results, _ = run(folder, stage, range(12))
    assert sorted(sum(stage.batches, [])) == [3, 4, 10, 11] and len(results) == 12
    recorded = [json.loads(line)["key"] for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert set(recorded) == {str(n) for n in range(12)}


def test_device_outputs_that_were_not_encoded_are_not_made_again(tmp_path):
    class Dying(Doubling):
        def keep(self, item, value, output, batch, folder):
            if item >= 2:
                raise OSError("no space left on device")
            return super().keep(item, value, output, batch, folder)

    with pytest.raises(OSError, match="no space"):
        run(tmp_path / "s", Dying(), range(4))
    assert len(list((tmp_path / "s" / "batches").iterdir())) == 1
    stage = Doubling()
    results, _ = run(tmp_path / "s", stage, range(6))
    assert stage.batches == [[4, 5]] and results["3"] == {"status": "ok", "double": 6, "size": 4}
    damaged = tmp_path / "t"
    with pytest.raises(OSError, match="no space"):
        run(damaged, Dying(), range(4))
    next((damaged / "batches").iterdir()).write_bytes(b"torn")
    stage = Doubling()
    assert len(run(damaged, stage, range(4))[0]) == 4 and sorted(sum(stage.batches, [])) == [2, 3]


def test_further_attempts_are_followed_across_runs(tmp_path):
    first = Doubling(attempts=3)
    results, _ = run(tmp_path / "s", first, range(3))
    assert sorted(results) == ["0", "0#2", "0#3", "1", "1#2", "1#3", "2", "2#2", "2#3"]
    second = Doubling(attempts=3)
    assert run(tmp_path / "s", second, range(3))[0] == results and second.batches == []


def test_a_second_process_waits_for_the_first(tmp_path):
    order = []

    def work():
        with Scratch(tmp_path / "s", "a"):
            order.append("second")

    with Scratch(tmp_path / "s", "a") as scratch:
        other = threading.Thread(target=work)
        other.start()
        time.sleep(0.7)
        order.append("first")
        scratch.discard()
    other.join()
    assert order == ["first", "second"]


def test_a_scratch_without_a_path_leaves_nothing(tmp_path):
    with Scratch(None, "", beside=tmp_path / "results") as scratch:
        Engine(Doubling(), RUNTIME, scratch).run(range(3))
        assert scratch.path.parent == tmp_path / "results"
    assert list((tmp_path / "results").iterdir()) == []
