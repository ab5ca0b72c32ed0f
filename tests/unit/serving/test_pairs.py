"""The explorer's order and filters."""

from unscene.serving.server.pairs import Pairs, Wish


def test_refused_edits_that_were_painted_come_first():
    rows = [
        {"edit_id": name, "category": "dog", "reason": "mask: not_chosen", "edited_path": path}
        for name, path in (("a", None), ("b", "b.png"), ("c", None), ("d", "d.png"))
    ]
    found = Pairs([], rows).choose(Wish(state="refused"), 0, 3)
    assert [row["edit_id"] for row in found["pairs"]] == ["b", "d", "a"] and found["total"] == 4
