"""Facts of a JSON file as lists and tables: each null with its reason."""

from unscene.report.facts import list_facts, look_up


def test_every_null_has_its_reason():
    parts = list_facts(
        {
            "a": {"precision": None, "reason": "no truth"},
            "psnr_db": {
                "edit": {"mean": 16.25, "low": 16.0, "high": 16.5, "n": 9},
                "telea": None,
                "telea_reason": "off",
            },
            "c": None,
            "d": {"value": None, "reason": "unknown"},
        }
    )
    facts = {(part["title"], name): value for part in parts for name, value, _ in part["facts"]}
    assert facts == {
        ("A", "Precision"): "not measured: no truth",
        ("PSNR dB", "Edit"): "16.2\u202fdB (16 to 16.5, n = 9)",
        ("PSNR dB", "Telea"): "not measured: off",
        ("", "C"): "not measured: no reason recorded",
        ("", "D"): "not measured: unknown",
    }


def test_a_dict_of_dicts_beside_a_dict_of_facts_is_a_table_of_its_own():
    study = {
        "prompts": {"5": 400, "10": 200},
        "sizes": {"5": {"power": 0.9, "error": 0.1}, "10": {"power": 0.8, "error": 0.2}},
    }
    prompts, sizes = list_facts({"batchsize": study})
    assert [fact[:2] for fact in prompts["facts"]] == [("5", "400"), ("10", "200")]
    assert sizes["table"]["columns"][1:] == ["Power", "Error"]
    assert [row[0][0] for row in sizes["table"]["rows"]] == ["5", "10"]


def test_like_dicts_become_a_table():
    (part,) = list_facts(
        {"by_class": {"dog": {"precision": 0.5, "n": 2}, "car": {"precision": None, "n": 0}}}
    )
    assert part["table"]["columns"] == ["", "Precision", "N"]
    assert part["table"]["rows"][0] == [("dog", False), ("50.0\u202f%", True), ("2", True)]
    assert part["table"]["rows"][1][1][0].startswith("not measured")


def test_look_up_gives_the_nearest_reason():
    truth = {
        "s": {
            "edits": {"psnr": None, "reason": "no true photos"},
            "masks": {"iou": {"mean": 0.9, "low": 0.8, "high": 1.0}},
        }
    }
    assert look_up(truth, ("s", "edits", "psnr_db", "edit")) == ("not measured: no true photos", True)
    assert look_up(truth, ("t", "edits")) == ("not measured: no reason recorded", True)
    assert look_up(truth, ("s", "masks", "iou")) == ("0.900 (0.8 to 1)", False)
