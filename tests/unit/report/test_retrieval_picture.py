"""The picture of what queries find: it claims of a photo only what is known."""

import json

from tiny_clip import RUNTIME, make_clip, make_pairs, write_meta
from unscene.machine.job import Job
from unscene.report.retrieval_picture import draw_retrieval


def test_retrieval_grid_tells_only_what_is_known(tmp_path):
    pairs, folds = make_pairs(tmp_path / "data", per_group=2)
    clip = make_clip(tmp_path / "clip")
    job = Job(
        inputs={"pairs": pairs, "folds": folds, "model": write_meta(clip)},
        outputs={"figure": tmp_path / "grid.png", "found": tmp_path / "grid.json"},
        settings={"seed": 7, "deploy": {"arm": "paired"}},
        runtime=RUNTIME,
        config={"train": {"clip": str(clip)}},
    )
    draw_retrieval(job)
    found = json.loads((tmp_path / "grid.json").read_text())
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    assert found["gallery"] > 0 and found["queries"]
    for row in found["queries"]:
        assert row["untuned"] == row["paired"]  # the same model twice
        assert set(row["paired"]) <= {"contains", "removed", "other"}
        assert row["category"] in row["query"]
    assert len({row["category"] for row in found["queries"]}) == len(found["queries"])
