"""A change invalidates what it touches and nothing else."""

import copy
from types import SimpleNamespace

import pytest

from unscene.run import lineage as module
from unscene.run.lineage import Lineage, canonical, code_hash, digest, fingerprint, list_code


class Wildcards(dict):
    """Snakemake's wildcards answer to keys() and []."""


CONFIG = {
    "samples": {
        "sources": [
            {"name": "a", "photos": 3, "format": "embedded"},
            {"name": "b", "photos": 4, "format": "coco"},
        ]
    },
    "masks": {"weights": "weights.pt", "threshold": 0.5},
    "train": {"arms": {"zero_shot": {}, "paired": {"loss": "infonce"}}, "steps": 10},
}


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Return a function that declares a small chain for a config and gives the lineage of any rule."""
    (tmp_path / "weights.pt").write_bytes(b"weights")
    monkeypatch.setattr(module, "code_hash", lambda script: f"code of {script}")

    def build(config):
        lineage = Lineage(config, tmp_path)
        rules = {
            "draw": lineage.declare("draw", settings=["masks"], per_source=True, formats=["embedded"]),
            "read": lineage.declare("read", parents=["draw"], per_source=True),
            "segment": lineage.declare(
                "segment", settings=["masks"], parents=["read"], weights=["masks.weights"], version=1
            ),
            "join": lineage.declare("join", parents=["segment"]),
            "train": lineage.declare("train", settings=["train.steps"], parents=["join"], per_arm=True),
            "compare": lineage.declare("compare", parents=["train"]),
        }
        return SimpleNamespace(**rules)

    return build


def changed(**changes):
    config = copy.deepcopy(CONFIG)
    for dotted, value in changes.items():
        section, key = dotted.split("__")
        config[section][key] = value
    return config


def test_settings_hold_only_the_named_sections(declare):
    assert declare(CONFIG).segment(Wildcards(shard="a-0-of-1"))["settings"] == {"masks": CONFIG["masks"]}
    assert declare(CONFIG).train(Wildcards(arm="paired"))["settings"] == {
        "train": {"steps": 10},
        "arm": {"loss": "infonce"},
    }


def test_a_setting_invalidates_its_rule_and_all_below(declare):
    before, after = declare(CONFIG), declare(changed(masks__threshold=0.6))
    shard = Wildcards(shard="b-0-of-1")
    assert before.read(shard) == after.read(shard)
    for rule, wildcards in (
        ("segment", shard),
        ("join", Wildcards()),
        ("train", Wildcards(arm="paired")),
        ("compare", Wildcards()),
    ):
        assert getattr(before, rule)(wildcards) != getattr(after, rule)(wildcards), rule


def test_a_rule_for_one_format_touches_no_source_of_another(declare):
    before, after = declare(CONFIG), declare(changed(masks__threshold=0.6))
    embedded, coco = Wildcards(shard="a-0-of-1"), Wildcards(shard="b-0-of-1")
    assert before.read(embedded) != after.read(embedded)
    assert before.read(coco) == after.read(coco)


def test_a_new_source_leaves_other_sources_alone(declare):
    sources = [*CONFIG["samples"]["sources"], {"name": "c", "photos": 5, "format": "coco"}]
    before, after = declare(CONFIG), declare(changed(samples__sources=sources))
    shard = Wildcards(shard="a-0-of-1")
    assert before.segment(shard) == after.segment(shard)
    assert before.join(Wildcards()) != after.join(Wildcards())


def test_a_new_arm_leaves_other_arms_alone(declare):
    arms = {**CONFIG["train"]["arms"], "random": {"loss": "infonce"}}
    before, after = declare(CONFIG), declare(changed(train__arms=arms))
    assert before.train(Wildcards(arm="paired")) == after.train(Wildcards(arm="paired"))
    assert before.compare(Wildcards()) != after.compare(Wildcards())


def test_training_settings_do_not_touch_the_untrained_arm(declare):
    before, after = declare(CONFIG), declare(changed(train__steps=20))
    assert before.train(Wildcards(arm="zero_shot")) == after.train(Wildcards(arm="zero_shot"))
    assert before.train(Wildcards(arm="paired")) != after.train(Wildcards(arm="paired"))


def test_an_arm_of_anothers_model_follows_that_arm(declare):
    def train(arms, steps=10):
        config = changed(train__arms={**CONFIG["train"]["arms"], **arms}, train__steps=steps)
        return declare(config).train(Wildcards(arm="tested"))

    tested = {"query_weight": 1.9, "of": "paired"}
    before = train({"tested": tested})
    assert before == train({"tested": tested, "other": {"loss": "infonce"}})
    assert before != train({"tested": tested}, steps=20)
    assert before != train({"tested": tested, "paired": {"loss": "mask"}})
    assert before != train({"tested": {**tested, "query_weight": 2}})


def test_a_file_of_a_source_touches_that_source_alone(tmp_path):
    config = changed(samples__sources=[
        {"name": "a", "photos": 3, "format": "coco", "instances": "a.json"},
        {"name": "b", "photos": 4, "format": "coco", "instances": "b.json"},
        {"name": "c", "photos": 4, "format": "table"},
    ])  # fmt: skip

    def list_lineages(source_files):
        module.fingerprint.cache_clear()
        lineage = Lineage(config, tmp_path)
        lineage.declare("segment", source_files=source_files, version=1, per_source=True)
        join = lineage.declare("join", parents=["segment"], version=1)
        return [lineage.of("segment", source=name) for name in "abc"] + [join(Wildcards())]

    for name in "ab":
        (tmp_path / f"{name}.json").write_text("before")
    counted, ignored = list_lineages(["instances"]), list_lineages([])
    (tmp_path / "b.json").write_text("after")
    same = [old == new for old, new in zip(counted, list_lineages(["instances"]), strict=True)]
    assert same == [True, False, True, False]
    (tmp_path / "a.json").unlink()
    assert list_lineages([]) == ignored


def test_keys_that_guard_a_file_re_run_nothing(declare):
    before = changed(masks__sha256=None)
    after = changed(masks__sha256="ab" * 32)
    shard = Wildcards(shard="a-0-of-1")
    assert declare(before).segment(shard) == declare(after).segment(shard) == declare(CONFIG).segment(shard)
    assert after["masks"]["sha256"] == "ab" * 32  # the config itself keeps it: the job compares it


def test_swapped_values_are_a_change():
    assert digest({"low": 1, "high": 2}) != digest({"low": 2, "high": 1})


def test_key_order_and_whole_floats_are_no_change():
    assert digest({"a": 1, "b": [2.0]}) == digest({"b": [2], "a": 1.0})
    assert canonical({"b": 0.5, "a": 3.0}) == {"a": 3, "b": 0.5}


def test_other_weights_are_a_change(tmp_path):
    for name, content in (("one", b"1"), ("two", b"2")):
        (tmp_path / name).write_bytes(content)
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "two")


def test_fingerprint_of_a_large_file_sees_its_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_WHOLE_FILE_BYTES", 1000)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 100)
    base = bytearray(5000)
    prints = set()
    for position in (None, 0, 4999):
        content = bytearray(base)
        if position is not None:
            content[position] = 1
        path = tmp_path / f"file{position}"
        path.mkdir()
        (path / "weights").write_bytes(content)
        prints.add(fingerprint(path))
    assert len(prints) == 3


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.pt"):
        fingerprint(tmp_path / "nowhere.pt")


@pytest.fixture
def hash_of(tmp_path, monkeypatch):
    """Return a function that hashes a script `step` which imports the noun `unscene.noun`."""
    (tmp_path / "unscene").mkdir()
    monkeypatch.setattr(module, "SCRIPTS", tmp_path)

    def build(script, noun="X = 1\n"):
        (tmp_path / "step.py").write_text(script)
        (tmp_path / "unscene" / "noun.py").write_text(noun)
        code_hash.cache_clear()
        list_code.cache_clear()
        return code_hash("step")

    yield build
    code_hash.cache_clear()
    list_code.cache_clear()


def test_comments_docstrings_and_layout_do_not_count(hash_of):
    plain = hash_of("from unscene.noun import X\ndef f(a):\n    return a + X\n")
    dressed = hash_of(
        '"""Doc."""\n# a comment\nfrom unscene.noun import X\n\ndef f(a):\n    """Say."""\n    return (a +\n            X)\n'
    )
    assert plain == dressed


def test_code_of_the_script_and_of_its_nouns_counts(hash_of):
    script = "from unscene.noun import X\nY = X\n"
    assert hash_of(script) != hash_of("from unscene.noun import X\nY = -X\n")
    assert hash_of(script) != hash_of(script, noun="X = 2\n")
