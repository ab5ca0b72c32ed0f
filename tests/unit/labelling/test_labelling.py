"""The labelling page, used by scripted raters over HTTP. Their labels live and die in the tests' folders."""

import json
import shutil
import subprocess
import sys
import urllib.request

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from starlette.testclient import TestClient

from scored_run import make_scored_run
from unscene.labelling.app import PAGE, build_app
from unscene.labelling.sample import draw_sample, open_sample
from unscene.labelling.serving import serve_page
from unscene.labelling.store import LabelStore, RaterError
from unscene.quality.columns import EDIT_SCORES
from unscene.quality.labels import QUESTIONS, LabelError, read_labels, read_lines

COUNT = 12


@pytest.fixture
def finished(tmp_path):
    """A run directory with twelve scored edits, of which one was not made."""
    return make_scored_run(tmp_path, COUNT)


class Page:
    """One rater's page."""

    def __init__(self, run, rater, items=COUNT):
        folder = run / "state" / "labels"
        self.store = LabelStore(folder, rater, open_sample(run, folder, items, seed=7))
        self.client = TestClient(build_app(run, self.store), base_url="http://127.0.0.1")

    def get(self, path, **options):
        return self.client.get(path, **options)

    def post(self, path, body, **options):
        return self.client.post(path, json=body, **options)

    def rate(self, position, **answers):
        return self.post("/api/label", {"position": position} | dict.fromkeys(QUESTIONS, True) | answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.store.close()


def test_a_rater_labels_all_and_the_labels_are_on_the_disk(finished):
    with Page(finished, "script-a") as page:
        state = page.get("/api/next").json()
        assert (state["done"], state["total"]) == (
            0,
            COUNT - 1,
        )  # the edit that was not made is not asked for
        seen = []
        while state["item"]:
            seen.append(state["item"]["position"])
            state = page.rate(seen[-1], natural=seen[-1] % 2 == 0).json()
        assert sorted(seen) == list(range(COUNT - 1))
        records = read_lines(page.store.path)
    assert len(records) == COUNT - 1
    assert {record["rater"] for record in records} == {"script-a"}
    sample = {
        item["edit_id"]: item["edited_sha256"]
        for item in json.loads((finished / "state/labels/sample.json").read_text())["items"]
    }
    assert {record["edit_id"]: record["edited_sha256"] for record in records} == sample
    with pytest.raises(LabelError, match="script"):  # and they can never decide anything
        read_labels([page.store.path])


def test_the_page_tells_neither_scores_nor_verdicts_nor_names(finished):
    with Page(finished, "script-a") as page:
        state = page.get("/api/next").json()
        assert set(state["item"]) == {"position", "category", "size", "box"}
        assert set(state) == {"done", "total", "rater", "item"}
        text = page.get("/").text
        assert text == PAGE.read_text()
    assert (
        "http://" not in text
        and "https://" not in text
        and "src=" not in text.replace('setAttribute("src"', "")
    )


def test_labelling_resumes_after_a_stop_and_after_a_torn_line(finished):
    with Page(finished, "script-a") as page:
        first = [page.rate(position).json()["done"] for position in range(4)]
        assert first == [1, 2, 3, 4]
        order = [item["edit_id"] for item in page.store.items]
    path = finished / "state/labels/script-a.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with Page(finished, "script-a") as page:
        assert [item["edit_id"] for item in page.store.items] == order
        state = page.get("/api/next").json()
        assert (state["done"], state["item"]["position"]) == (3, 3)
        page.rate(3)
    assert len(read_lines(path)) == 4


def test_undo_takes_back_one_answer_at_a_time_and_keeps_the_record(finished):
    with Page(finished, "script-a") as page:
        page.rate(0)
        page.rate(1, gone=False)
        assert page.post("/api/undo", {}).json()["item"]["position"] == 1
        assert page.post("/api/undo", {}).json()["item"]["position"] == 0
        state = page.post("/api/undo", {}).json()  # nothing is left to be taken back
        assert (state["done"], state["item"]["position"]) == (0, 0)
        page.rate(0, natural=False)
        records = read_lines(page.store.path)
    assert [bool(record.get("undone")) for record in records] == [False, False, True, True, False]


def test_two_raters_are_kept_apart(finished):
    with Page(finished, "script-a") as one, Page(finished, "script-b") as two:
        one.rate(0)
        assert two.get("/api/next").json()["done"] == 0
        names = [[item["edit_id"] for item in page.store.items] for page in (one, two)]
        assert sorted(names[0]) == sorted(names[1])
        assert names[0] != names[1]  # each has an order of their own
        with pytest.raises(RaterError, match="another page"):
            Page(finished, "script-a")
    with pytest.raises(RaterError, match="short name"):
        Page(finished, "../anna")


def test_bad_requests_are_refused_and_store_nothing(finished):
    with Page(finished, "script-a") as page:
        assert page.rate(99).status_code == 400
        assert page.rate(-1).status_code == 400
        assert page.rate(True).status_code == 400
        assert page.post("/api/label", {"position": 0, "gone": True}).status_code == 400
        assert page.post("/api/label", {"position": 0} | dict.fromkeys(QUESTIONS, 1)).status_code == 400
        assert page.post("/api/label", ["position"]).status_code == 400
        for path in ("/api/label", "/api/undo"):  # what a foreign page's form could send
            assert (
                page.client.post(path, content="{}", headers={"Content-Type": "text/plain"}).status_code
                == 400
            )
        assert page.get("/api/next", headers={"Host": "example.org"}).status_code == 400
        assert page.get("/photo/99/edited").status_code == 404
        assert page.get("/photo/0/mask").status_code == 404
        assert page.store.path.read_bytes() == b""


def test_photos_are_served_and_an_exchanged_edit_is_not(finished):
    with Page(finished, "script-a") as page:
        item = page.store.items[0]
        for kind in ("original", "edited"):
            reply = page.get(f"/photo/0/{kind}")
            assert reply.headers["content-type"] == "image/png"
            (finished / "got.png").write_bytes(reply.content)
            np.testing.assert_array_equal(
                np.asarray(Image.open(finished / "got.png")), np.asarray(Image.open(finished / item[kind]))
            )
        other = page.store.items[1]
        Image.new("RGB", (30, 20)).save(finished / other["edited"])
        assert page.get("/photo/1/edited").status_code == 410


def test_the_sample_is_fair_and_drawn_once(finished):
    rng = np.random.default_rng(0)
    count = 3000
    edit = pd.DataFrame(
        {
            "edit_id": [f"e{n}" for n in range(count)],
            "category": rng.choice(["dog", "cat", "bus"], count, p=[0.7, 0.2, 0.1]),
            "area_fraction": rng.random(count) * 0.2,
            "residual": rng.random(count),
            "path": "",
            "image_path": "",
            "edited_sha256": "",
            "width": 1,
            "height": 1,
            **dict.fromkeys(["box_x0", "box_y0", "box_x1", "box_y1"], 0),
        }
    )
    chosen = {item["edit_id"] for item in draw_sample(edit, 300, seed=1)}
    assert len(chosen) == 300
    part = edit[edit["edit_id"].isin(chosen)]
    for word, share in edit["category"].value_counts(normalize=True).items():
        assert (part["category"] == word).mean() == pytest.approx(share, abs=0.01)
    assert part["residual"].mean() == pytest.approx(edit["residual"].mean(), abs=0.02)
    size = np.searchsorted([0.02, 0.08], edit["area_fraction"], side="right")
    decile = np.minimum(((1 - edit["residual"].rank(pct=True)).rank(pct=True) * 10).astype(int), 9)
    whole = edit.groupby([edit["category"], size, decile]).size()  # each stratum gives its share, to one
    given = part.groupby([part["category"], size[part.index], decile[part.index]]).size()
    assert (given.reindex(whole.index, fill_value=0) - whole / 10).abs().max() < 1
    assert chosen != {item["edit_id"] for item in draw_sample(edit, 300, seed=2)}
    folder = finished / "state/labels"
    first = open_sample(finished, folder, 5, seed=1)
    assert open_sample(finished, folder, 9, seed=3) == first
    assert draw_sample(edit.head(0), 5, 1) == []


def test_the_command_serves_on_this_machine_alone(finished, checkout):
    command = [sys.executable, "-m", "unscene", "label", "--rater", "script-a", "--items", "5", "--directory"]
    process = subprocess.Popen(
        [*command, str(finished)], cwd=checkout / "src", stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        assert "0 of 5 labelled" in line
        address = line.split()[-1]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address + "api/next", timeout=60) as reply:
            assert json.load(reply)["total"] == 5
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_folder_that_is_no_run_or_an_empty_run_is_named(finished, capsys):
    sample = {"items": 5, "seed": 1}
    assert serve_page(finished / "nowhere", "script-a", **sample) == 1
    told = capsys.readouterr().err
    assert f"{finished / 'nowhere'} is not there. Runs with scored edits near it: {finished}" in told
    scores = finished / "results/quality/scores.parquet"
    EDIT_SCORES.write(EDIT_SCORES.read(scores).assign(status="skipped"), scores)
    assert serve_page(finished, "script-a", **sample) == 1
    assert "no scored edit to label" in capsys.readouterr().err
    assert not (finished / "state").exists()


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
def test_keys_of_the_page(tmp_path):
    """The page's own script, read by node: what each key means."""
    script = PAGE.read_text().split("<script>")[1].split("</script>")[0]
    checks = """
    const expect = (found, wanted) => {
      if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(JSON.stringify([found, wanted]));
    };
    const all = { gone: true, nothing_new: true, natural: false, none: true };
    expect(readKey("y", {}), { answer: "gone", value: true });
    expect(readKey("N", { gone: true }), { answer: "nothing_new", value: false });
    expect(readKey("y", all), null);
    expect(readKey("Enter", { gone: true }), null);
    expect(readKey("Enter", all), { send: true });
    expect(readKey("3", all), { answer: "natural", value: true });
    expect(readKey("4", all), { answer: "none", value: false });
    expect(readKey("1", {}), { answer: "gone", value: true });
    expect(readKey("u", {}), { undo: true });
    expect(readKey(" ", {}), { toggle: "original" });
    expect(readKey("x", {}), null);
    expect(readKey("Tab", {}), null);
    """
    (tmp_path / "keys.js").write_text(script + checks)
    finished = subprocess.run(["node", str(tmp_path / "keys.js")], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
