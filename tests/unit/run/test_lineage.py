"""A change invalidates what it touches and nothing else."""

import copy
from types import SimpleNamespace

import pytest

from unscene.run import lineage as module
from unscene.run.code_versions import list_changed, name_code
from unscene.run.lineage import Lineage, canonical, digest, fingerprint

CONFIG = {
    "seed": 7,
    "samples": {
        "sources": [
            {"name": "a", "photos": 3, "format": "embedded"},
            {"name": "b", "photos": 4, "format": "coco", "images": "photos", "captions": "captions.json"},
        ]
    },
    "masks": {"weights": "weights.pt", "sha256": None, "threshold": 0.5},
    "train": {"arms": {"zero_shot": {}, "paired": {"loss": "infonce"}}, "steps": 10},
}
# The graph of a small chain: a rule's parents, as (rule, the wildcards that its jobs have).
PARENTS = {
    "draw": [],
    "read": ["draw"],
    "segment": ["read"],
    "join": ["segment"],
    "train": ["join"],
    "compare": ["train"],
}
PER_SOURCE, PER_ARM = ("draw", "read", "segment"), ("train",)


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Return a function that declares a small chain for a config and gives the lineage of any rule."""
    (tmp_path / "weights.pt").write_bytes(b"weights")
    (tmp_path / "captions.json").write_bytes(b"captions")
    monkeypatch.setattr(module, "name_code", lambda script, frozen: f"code of {script}")

    def build(config):
        sources = {source["name"]: source["format"] for source in config["samples"]["sources"]}

        def find_parents(rule, wildcards):
            for parent in PARENTS[rule]:
                if parent in PER_SOURCE:
                    own = wildcards["shard"][0] if "shard" in wildcards else None
                    for name in [own] if own else sources:
                        if parent != "draw" or sources[name] == "embedded":
                            yield parent, {"shard": f"{name}-0-of-1"}
                elif parent in PER_ARM:
                    for arm in config["train"]["arms"]:
                        yield parent, {"arm": arm}
                else:
                    yield parent, {}

        module.fingerprint.cache_clear()
        lineage = Lineage(config, tmp_path, find_parents)
        rules = {
            "draw": lineage.declare("draw", settings=["masks"], entries=["source"]),
            "read": lineage.declare("read", entries=["source"]),
            "segment": lineage.declare("segment", settings=["masks"], paths=["masks.weights"], frozen=True),
            "join": lineage.declare("join"),
            "train": lineage.declare("train", settings=["train.steps"], entries=["arm"]),
            "compare": lineage.declare("compare"),
        }
        return SimpleNamespace(**rules)

    return build


def changed(**changes):
    config = copy.deepcopy(CONFIG)
    for dotted, value in changes.items():
        section, key = dotted.split("__")
        config[section][key] = value
    return config


def test_settings_hold_only_the_named_sections_and_no_path(declare):
    segment = declare(CONFIG).segment({"shard": "a-0-of-1"})
    assert segment["settings"] == {"masks": {"threshold": 0.5}}
    assert set(segment["weights"]) == {"masks.weights"}
    assert declare(CONFIG).train({"arm": "paired"})["settings"] == {
        "train": {"steps": 10},
        "arm": {"loss": "infonce"},
    }
    assert CONFIG["masks"]["weights"] == "weights.pt"  # the config itself keeps what a lineage leaves out


def test_a_setting_invalidates_its_rule_and_all_below(declare):
    before, after = declare(CONFIG), declare(changed(masks__threshold=0.6))
    shard = {"shard": "b-0-of-1"}
    assert before.read(shard) == after.read(shard)
    for rule, wildcards in (("segment", shard), ("join", {}), ("train", {"arm": "paired"}), ("compare", {})):
        assert getattr(before, rule)(wildcards) != getattr(after, rule)(wildcards), rule


def test_a_rule_for_one_format_touches_no_source_of_another(declare):
    before, after = declare(CONFIG), declare(changed(masks__threshold=0.6))
    embedded, coco = {"shard": "a-0-of-1"}, {"shard": "b-0-of-1"}
    assert before.read(embedded) != after.read(embedded)
    assert before.read(coco) == after.read(coco)
    assert before.read(coco)["parents"] == {}


def test_a_new_source_leaves_other_sources_alone(declare):
    sources = [*CONFIG["samples"]["sources"], {"name": "c", "photos": 5, "format": "coco"}]
    before, after = declare(CONFIG), declare(changed(samples__sources=sources))
    shard = {"shard": "a-0-of-1"}
    assert before.segment(shard) == after.segment(shard)
    assert before.join({}) != after.join({})


def test_how_many_pool_photos_an_arm_shows_is_a_part_of_it(declare):
    arms = {"zero_shot": {}, "paired": {"loss": "infonce", "pool": 64}}
    train = declare(changed(train__arms=arms)).train({"arm": "paired"})
    assert train["settings"]["arm"] == arms["paired"]


def test_a_pool_leaves_what_reads_the_edited_sources_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "name_code", lambda script, frozen: "code")
    pool = {"name": "c", "photos": 5, "format": "embedded", "pool": True}

    def ask(*sources):
        config = changed(samples__sources=[*CONFIG["samples"]["sources"], *sources])
        lineage = Lineage(config, tmp_path, lambda rule, wildcards: [])
        lineage.declare("edited", settings=["samples.sources"])
        lineage.declare("brief", settings=["samples.sources:name,format"])
        lineage.declare("pools", settings=["samples.pools"])
        lineage.declare("plan", settings=["samples"])
        lineage.declare("read", entries=["source"])
        settings = [lineage.of(rule, {})["settings"] for rule in ("edited", "brief", "pools", "plan")]
        return [*settings, lineage.of("read", {"shard": "a-0-of-1"})["settings"]], lineage

    (edited, brief, pools, plan, _), _ = ask()
    (edited_with, brief_with, pools_with, plan_with, _), lineage = ask(pool)
    assert (edited, brief) == (edited_with, brief_with)
    assert len(pools["samples"]["pools"]) == 0 and len(pools_with["samples"]["pools"]) == 1
    assert plan != plan_with
    # Whether a source is a pool decides nothing of how it is read.
    read = lineage.of("read", {"shard": "c-0-of-1"})
    _, other = ask(pool | {"pool": False})
    assert other.of("read", {"shard": "c-0-of-1"}) == read


def test_files_that_the_run_draws_count_by_the_rule_that_draws_them(tmp_path):
    entry = {"name": "w_choices", "format": "negbench_mcq", "of_world": "w"}
    entry |= {"path": "results/exam/w/choices.csv", "images": "results/exam/w/images"}
    config = {**CONFIG, "evaluate": {"sets": [entry]}}
    lineage = Lineage(config, tmp_path, lambda rule, wildcards: [])
    lineage.declare("evaluate_set", entries=["set"])
    before = lineage.of("evaluate_set", {"set": "w_choices"})
    (tmp_path / "results/exam/w").mkdir(parents=True)
    (tmp_path / "results/exam/w/choices.csv").write_text("drawn")
    again = Lineage(config, tmp_path, lambda rule, wildcards: [])
    again.declare("evaluate_set", entries=["set"])
    assert again.of("evaluate_set", {"set": "w_choices"}) == before


def test_a_new_arm_leaves_other_arms_alone(declare):
    arms = {**CONFIG["train"]["arms"], "random": {"loss": "infonce"}}
    before, after = declare(CONFIG), declare(changed(train__arms=arms))
    assert before.train({"arm": "paired"}) == after.train({"arm": "paired"})
    assert before.compare({}) != after.compare({})


def test_an_arm_of_anothers_model_has_that_arms_parts(declare):
    def train(arms):
        config = changed(train__arms={**CONFIG["train"]["arms"], **arms})
        return declare(config).train({"arm": "tested"})

    tested = {"query_weight": 1.9, "of": "paired"}
    before = train({"tested": tested})
    assert before == train({"tested": tested, "other": {"loss": "infonce"}})
    assert before != train({"tested": tested, "paired": {"loss": "mask"}})
    assert before != train({"tested": {**tested, "query_weight": 2}})


def test_where_files_lie_decides_nothing_and_their_content_does(declare, tmp_path):
    before = [declare(CONFIG).segment({"shard": "b-0-of-1"}), declare(CONFIG).read({"shard": "b-0-of-1"})]
    (tmp_path / "moved").mkdir()
    for name in ("weights.pt", "captions.json"):
        (tmp_path / "moved" / name).write_bytes((tmp_path / name).read_bytes())
    moved = changed(masks__weights="moved/weights.pt")
    moved["samples"]["sources"][1] |= {"images": "/elsewhere", "captions": "moved/captions.json"}
    assert [
        declare(moved).segment({"shard": "b-0-of-1"}),
        declare(moved).read({"shard": "b-0-of-1"}),
    ] == before
    for name in ("weights.pt", "captions.json"):
        (tmp_path / "moved" / name).write_bytes(b"other")
    assert declare(moved).segment({"shard": "b-0-of-1"}) != before[0]
    assert declare(moved).read({"shard": "b-0-of-1"}) != before[1]


def test_a_file_of_instances_counts_where_it_is_read_and_for_its_source_alone(tmp_path):
    config = changed(
        samples__sources=[
            {"name": "a", "photos": 3, "format": "coco", "instances": "a.json"},
            {"name": "b", "photos": 4, "format": "coco", "instances": "b.json"},
            {"name": "c", "photos": 4, "format": "table"},
        ]
    )

    def list_lineages(entries):
        module.fingerprint.cache_clear()
        lineage = Lineage(config, tmp_path, lambda rule, wildcards: [])
        lineage.declare("remove_objects", entries=entries)
        lineage.declare("compare_arms", settings=["samples.sources"])
        lineage.declare("find_leaks", settings=["samples.sources:name,format"])
        rows = [lineage.of("remove_objects", {"shard": f"{name}-0-of-1"}) for name in "abc"]
        return [*rows, lineage.of("compare_arms", {}), lineage.of("find_leaks", {})]

    for name in "ab":
        (tmp_path / f"{name}.json").write_text("before")
    counted, ignored = list_lineages(["source.instances"]), list_lineages(["source"])
    (tmp_path / "b.json").write_text("after")
    same = [old == new for old, new in zip(counted, list_lineages(["source.instances"]), strict=True)]
    assert same == [True, False, True, False, True]
    assert [old == new for old, new in zip(ignored, list_lineages(["source"]), strict=True)] == [
        True,
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("weights", ["named.pt", "named/open_clip_model.safetensors"])
def test_the_weights_of_a_named_model_count(tmp_path, weights):
    config = {**CONFIG, "evaluate": {"models": [{"name": "other", "path": weights.partition("/")[0]}]}}

    def take(content):
        (tmp_path / weights).parent.mkdir(exist_ok=True)
        (tmp_path / weights).write_bytes(content)
        module.fingerprint.cache_clear()
        lineage = Lineage(config, tmp_path, lambda rule, wildcards: [])
        lineage.declare("evaluate_set", entries=["model"])
        return lineage.of("evaluate_set", {"model": "other"})

    assert take(b"one") == take(b"one") != take(b"two")


def test_keys_that_guard_a_file_re_run_nothing(declare):
    before, after = changed(masks__sha256=None), changed(masks__sha256="ab" * 32)
    shard = {"shard": "a-0-of-1"}
    assert declare(before).segment(shard) == declare(after).segment(shard) == declare(CONFIG).segment(shard)
    assert after["masks"]["sha256"] == "ab" * 32  # the config itself keeps it: the job compares it


def test_folds_and_seeds_of_a_job_are_no_part_of_its_lineage(declare):
    train = declare(CONFIG).train
    assert train({"arm": "paired", "fold": "0", "seed": "1"}) == train(
        {"arm": "paired", "fold": "2", "seed": "0"}
    )


def test_swapped_values_are_a_change():
    assert digest({"low": 1, "high": 2}) != digest({"low": 2, "high": 1})


def test_key_order_and_whole_floats_are_no_change():
    assert digest({"a": 1, "b": [2.0]}) == digest({"b": [2], "a": 1.0})
    assert canonical({"b": 0.5, "a": 3.0}) == {"a": 3, "b": 0.5}


def test_a_fingerprint_is_of_what_libraries_read(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "merges.txt").write_text("a b")

    def take():
        module.fingerprint.cache_clear()
        return fingerprint(folder)

    before = take()
    for name in ("README.md", ".DS_Store", ".gitattributes", "LICENSE", "LICENSE.txt", "picture.png"):
        (folder / name).write_text("a page")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "weights.json").write_text("{}")
    assert take() == before
    (folder / "merges.txt").write_text("a c")
    assert take() != before


def test_other_weights_are_a_change_and_another_name_of_a_file_is_none(tmp_path):
    for name, content in (("one", b"1"), ("two", b"2"), ("again", b"1")):
        (tmp_path / name).write_bytes(content)
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "two")
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "again")


def test_the_fingerprint_of_a_large_file_sees_its_ends_and_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_WHOLE_FILE_BYTES", 1000)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 100)
    prints = set()
    for number, (size, position) in enumerate(
        ((5000, None), (5000, 0), (5000, 4999), (5001, None), (1001, None))
    ):
        content = bytearray(size)
        if position is not None:
            content[position] = 1
        path = tmp_path / f"file{number}"
        path.mkdir()
        (path / "weights").write_bytes(content)
        prints.add(fingerprint(path))
    assert len(prints) == 5


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.pt"):
        fingerprint(tmp_path / "nowhere.pt")


def test_all_code_is_as_recorded():
    """When this fails, decide: python -m unscene.run.code_versions keep|raise SCRIPT (raise:
    outputs change).
    """
    assert list_changed() == []


def test_unrecorded_code_counts_by_its_hash_unless_it_is_frozen(monkeypatch):
    from unscene.run import code_versions

    monkeypatch.setattr(code_versions, "hash_code", lambda script: "new")
    monkeypatch.setattr(code_versions, "is_untouched", lambda: False)
    recorded = {"same": {"version": 3, "code": "new"}, "other": {"version": 3, "code": "old"}}
    monkeypatch.setattr(code_versions, "read_versions", lambda: recorded)
    assert name_code("same", frozen=False) == "version 3"
    assert name_code("other", frozen=False) == name_code("unknown", frozen=True) == "new"
    assert name_code("other", frozen=True) == "version 3"


def test_a_touched_file_breaks_the_seal(tmp_path, monkeypatch):
    """The seal saves parsing; it must say nothing of code that it has not seen."""
    from unscene.run import code_versions

    record = tmp_path / "workflow" / "code_versions.json"
    module = tmp_path / "src" / "unscene" / "noun.py"
    for path in (record, module):
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    for name, value in {
        "CHECKOUT": tmp_path,
        "RECORD": record,
        "SEAL": record.with_suffix(".sha256"),
        "SCRIPTS": tmp_path / "workflow" / "scripts",
        "SOURCE": tmp_path / "src",
    }.items():
        monkeypatch.setattr(code_versions, name, value)

    def look() -> bool:
        code_versions.is_untouched.cache_clear()
        return code_versions.is_untouched()

    assert not look()
    code_versions.SEAL.write_text(code_versions.hash_files())
    assert look()
    for path in (module, record):
        path.write_text("{} ")
        assert not look()
        path.write_text("{}")
    assert look()
    (module.parent / "more.py").write_text("")
    assert not look()
    code_versions.is_untouched.cache_clear()
