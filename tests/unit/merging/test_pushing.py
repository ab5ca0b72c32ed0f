"""Push: what a run has finished is copied, whole and once, also while the run goes on."""

import os
import platform
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from partial_tables import write_some
from unscene.answers.batches.ledger import Ledger
from unscene.cli import command
from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.merging import pushers, pushing
from unscene.merging.pushing import Push
from unscene.photos.images import write_png
from unscene.report.newest_edits import draw_newest_edits
from unscene.run.records import find_damage, index_outputs
from unscene.run.tables import write_json
from unscene.samples.columns import SHARD_SAMPLES

FINISH = """
import os, signal, sys, time
from pathlib import Path
from unscene.machine.job import Job
def finish(shard):
    table = Path(f"results/masks/{shard}.parquet")
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(shard)
    named = {"wildcards": {"shard": shard}, "rule": "segment_objects", "lineage": {}}
    Job(outputs={"table": str(table)}, **named).record()
"""


def finish(run: Path, shard: str, content: str, names: tuple[str, ...] = ("item",)) -> None:
    """Make the outputs of a job anew, with its record."""
    folder, back = run / f"results/edits/{shard}", Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name in names:
        (folder / name).write_text(content)
    (run / f"results/edits/{shard}.parquet").write_text(content)
    outputs = {"table": f"results/edits/{shard}.parquet", "folder": f"results/edits/{shard}"}
    os.chdir(run)
    try:
        job = Job(outputs=outputs, wildcards={"shard": shard}, rule="remove_objects", lineage={"v": content})
        job.record()
    finally:
        os.chdir(back)


def list_damage(copy: Path) -> list[str]:
    made = index_outputs(copy)
    assert made
    return [
        found
        for path, told in made.items()
        for one in told
        if (found := find_damage(copy / path, one.content))
    ]


def test_what_has_come_is_copied_once_and_whole(tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    finish(run, "a-0-of-2", "one", ("item", "stale"))
    (run / "results/edits/half.parquet").write_text("no record yet")
    push = Push(run, copy)
    assert push.push() == ["remove_objects a-0-of-2"]
    assert not (copy / "results/edits/half.parquet").exists() and push.push() == []
    assert Push(run, copy).push() == []  # on the next machine, too
    finish(run, "a-0-of-2", "two")
    assert push.push() == ["remove_objects a-0-of-2"] and list_damage(copy) == []
    assert [path.name for path in (copy / "results/edits/a-0-of-2").iterdir()] == ["item"]


def test_a_job_that_is_made_anew_just_now_is_left_for_later(tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    finish(run, "a-0-of-2", "one")
    (run / "results/edits/a-0-of-2.parquet").unlink()  # as Snakemake does before a job starts
    push = Push(run, copy)
    assert push.push() == [] and not (copy / "results/records").exists()
    finish(run, "a-0-of-2", "two")
    assert push.push() == ["remove_objects a-0-of-2"] and list_damage(copy) == []


def test_a_copy_that_broke_off_has_no_record_and_is_made_whole(tmp_path, monkeypatch):
    run, copy = tmp_path / "run", tmp_path / "copy"
    finish(run, "a-0-of-2", "one")
    real, calls = os.replace, []

    def replace(source, target):
        calls.append(target)
        if len(calls) > 1:
            raise OSError("the drive is gone")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match="the drive is gone"):
        Push(run, copy).push()
    assert index_outputs(copy) == {}
    monkeypatch.undo()
    assert Push(run, copy).push() == ["remove_objects a-0-of-2"] and list_damage(copy) == []


def test_the_log_of_a_job_comes_before_its_record(tmp_path, monkeypatch):
    run, copy = tmp_path / "run", tmp_path / "copy"
    finish(run, "a-0-of-2", "one")
    log = Path("logs/remove_objects/a-0-of-2.log")
    (run / log).parent.mkdir(parents=True)
    (run / log).write_text("machine: one")
    monkeypatch.setattr(Push, "_push_job", lambda *_: 1 / 0)  # the machine vanishes
    with pytest.raises(ZeroDivisionError):
        Push(run, copy).push()
    assert (copy / log).read_text() == "machine: one" and index_outputs(copy) == {}


def test_a_ledger_is_copied_as_of_one_moment_while_it_is_written(tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    folder = run / "state/api/api.example.org"
    ledger = Ledger(folder)
    ledger.add_answer("captions", ("a", "ok", 1, 1, 0.25, "line"))
    writing = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    writing.execute("DELETE FROM answers")
    (run / "state/api/submitter.lock").touch()
    push = Push(run, copy)
    push.push()
    writing.execute("ROLLBACK")
    writing.close()
    copied = Ledger(copy / "state/api/api.example.org")
    copied.check()
    assert (copied.sum_usd(), copied.run) == (0.25, ledger.run)
    copied.close()
    ledger.add_answer("captions", ("b", "ok", 1, 1, 0.5, "line"))
    ledger.close()
    push.push()
    copied = Ledger(copy / "state/api/api.example.org")
    assert copied.sum_usd() == 0.75
    copied.close()
    assert not (copy / "state/api/submitter.lock").exists()


def test_the_command_pushes_while_another_runs_and_ends_with_its_status(tmp_path, monkeypatch, capfd):
    run, copy = tmp_path / "run", tmp_path / "copy"
    run.mkdir()
    monkeypatch.chdir(run)
    seen = copy / "results/masks/a.parquet"
    # It ends only when its first result was seen in the copy.
    waits = f"while not Path({str(seen)!r}).exists(): time.sleep(.05)"
    own = ["-n", "--", "results/a", "--directory", "elsewhere"]
    script = f"{FINISH}finish('a')\n{waits}\nfinish('b')\nsys.exit(3 if sys.argv[1:] == {own} else 1)\n"
    options = ["--directory", str(run), "--every", "0.1", "--while", sys.executable, "-c", script, *own]
    assert command.main(["push", str(copy), *options]) == 3
    assert list_damage(copy) == [] and (copy / "results/masks/b.parquet").read_text() == "b"
    assert capfd.readouterr().out.splitlines() == ["pushed segment_objects a", "pushed segment_objects b"]


def test_a_copy_belongs_to_one_machine_at_a_time(tmp_path, monkeypatch, capfd):
    run, copy = tmp_path / "run", tmp_path / "copy"
    run.mkdir()
    sign, ran = copy / pushers.SIGN, run / "ran"
    waits = f"while not Path({str(sign)!r}).exists(): time.sleep(.05)\nPath({str(ran)!r}).touch()"
    script = f"import time\nfrom pathlib import Path\n{waits}\n"
    options = ["--directory", str(run), "--every", "0.1", "--while", sys.executable, "-c", script]
    assert command.main(["push", str(copy), *options]) == 0  # it waits for its own sign
    assert not sign.exists() and ran.exists()
    ran.unlink()
    for machine, age, status in (("other", 60, 1), ("other", 200, 0), (platform.node(), 60, 0)):
        write_json({"machine": machine, "at": time.time() - age}, sign)
        assert command.main(["push", str(copy), *options]) == status
        assert ran.exists() == (status == 0)
        ran.unlink(missing_ok=True)
    assert re.search(r"the machine other pushed there \d+ s ago", capfd.readouterr().err)


@pytest.mark.parametrize("sign", ["{}", "[]", "1", '{"machine": "other", "at": "noon"}', '{"machine": "ot'])
def test_a_damaged_sign_stops_no_run(tmp_path, sign):
    path = tmp_path / pushers.SIGN
    path.parent.mkdir(parents=True)
    path.write_text(sign)
    pushers.Sign(tmp_path).check()
    path.write_text(f'{{"machine": "other", "at": {time.time()}}}')
    with pytest.raises(pushers.CopyTaken):
        pushers.Sign(tmp_path).check()


def test_a_drive_that_is_gone_stops_no_run_and_is_told_at_the_end(tmp_path, monkeypatch, capfd):
    run, copy = tmp_path / "run", tmp_path / "copy"
    finish(run, "a-0-of-2", "one")
    copy.write_text("a file in the place of the drive")
    tried, turns, is_running = tmp_path / "tried", [], pushing._is_running

    def look(*arguments):
        turns.append(arguments)
        if len(turns) == 2:  # the first one ended in a push
            tried.touch()
        return is_running(*arguments)

    monkeypatch.setattr(pushing, "_is_running", look)
    waits = f"while not Path({str(tried)!r}).exists(): time.sleep(.05)"
    script = f"import time\nfrom pathlib import Path\n{waits}\nprint('the run has ended', flush=True)"
    options = ["--directory", str(run), "--every", "0.1", "--while", sys.executable, "-c", script]
    assert command.main(["push", str(copy), *options]) == 1
    told = capfd.readouterr()
    assert "not pushed, tried again soon" in told.out and "the run has ended" in told.out
    assert f"{copy}: not all could be copied there" in told.err


def test_ctrl_c_ends_the_run_in_order_and_what_it_finished_is_pushed(tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    run.mkdir()
    script = f"""{FINISH}
def end(*_):
    finish("last")
    sys.exit(4)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
time.sleep(600)
"""
    line = [sys.executable, "-m", "unscene", "push", str(copy), "--directory", str(run), "--every", "600"]
    source = str(Path(__file__).resolve().parents[3] / "src")
    work = subprocess.Popen(
        [*line, "--while", sys.executable, "-c", script],
        cwd=run,
        env=os.environ | {"PYTHONPATH": source},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert work.stdout is not None and work.stdout.readline() == "ready\n"
    threading.Timer(0.2, lambda: os.killpg(work.pid, signal.SIGINT)).start()
    assert work.wait(120) == 4
    work.stdout.close()
    assert (copy / "results/masks/last.parquet").read_text() == "last"


def test_the_newest_edits_are_drawn_from_a_shard_s_own_tables(tmp_path):
    ground = np.full((32, 32, 3), 110, np.uint8)
    rows, photos = [], []
    for number, status in enumerate(("ok", "skipped", "ok")):
        names = {kind: f"results/{kind}_{number}.png" for kind in ("photo", "edit", "mask")}
        (tmp_path / "results").mkdir(exist_ok=True)
        write_png(ground, tmp_path / names["photo"])
        write_png(ground // 2, tmp_path / names["edit"])
        write_png(np.pad(np.ones((8, 8), bool), 12), tmp_path / names["mask"])
        known = {"edit_id": f"p{number}-dog", "image_id": f"p{number}", "category": "dog", "status": status}
        paths = {"image_path": names["edit"] if status == "ok" else None, "mask_path": names["mask"]}
        rows.append(known | paths | {"attempt": 1})
        photos.append({"image_id": f"p{number}", "path": names["photo"]})
    write_some(EDITS, pd.DataFrame(rows), tmp_path / "results/edits/a-0-of-1.parquet")
    write_some(SHARD_SAMPLES, pd.DataFrame(photos), tmp_path / "results/samples/a-0-of-1.parquet")
    assert draw_newest_edits(tmp_path, "a-0-of-1", tmp_path / "sheet.png") == 2
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert (sheet == 55).all(axis=2).sum() > 2 * 300 * 300  # both edits, enlarged to their tiles
