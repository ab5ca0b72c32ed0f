"""The pool: its labels, what is asked of a batch, and trainings with it."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from tiny_clip import PAIRED, RUNTIME, SETTINGS, make_caches, make_clip, make_pairs, make_training
from unscene.clip.models import load_clip
from unscene.folds.columns import CLASSES, LEAKS
from unscene.machine.job import Job
from unscene.pool.columns import POOL
from unscene.training.batches import Reading
from unscene.training.objectives import list_pool_parts
from unscene.training.pairs import PairError
from unscene.training.pool_batches import Directions, PoolReader, list_taught
from unscene.training.pool_cache import cache_pool, embed_pool
from unscene.training.pool_texts import PoolWriter
from unscene.training.pools import open_pool
from unscene.training.train_fold import train_clip
from unscene.training.trainings import PoolFiles, Training
from unscene.words.coco80 import COCO80
from unscene.words.denial_grammar import read_grammar

WORDS = ("dog", "cat", "car")
LOSS = {
    "rank": 1,
    "across_bare": 1,
    "across_scene": 1,
    "across_query": 1,
    "text_teacher": 1,
    "pool_keep": 5,
    "pool_infonce": 1,
}
ABSENCE = {**PAIRED, "freeze": "image", "views": "whole", "pool": 8, "loss": LOSS}


def make_pool(folder, photos=30):
    """Write a pool of photos with one or two of three objects, on every fifth of which nobody knows
    of a car; return the inputs of a training that name it.
    """
    from PIL import Image

    rng = np.random.default_rng(3)
    folder.mkdir(parents=True)
    rows = []
    for number in range(photos):
        path = folder / f"pool{number}.png"
        Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(path)
        present = sorted({WORDS[number % 3], WORDS[number // 3 % 3]}, key=COCO80.places.__getitem__)
        named = present[: 1 + number % 2]
        rows.append(
            {
                "image_id": f"pool_{number:02d}",
                "source": "pool",
                "path": str(path),
                "sha256": "",
                "phash": "0" * 16,
                "captions": [f"a {named[0]} in field {number}", "an empty field"],
                "named": named,
                "present": present,
                "unknown": ["car"] if number % 5 == 0 and "car" not in present else [],
                "objects_from": "instances",
            }
        )
    POOL.write(POOL.frame(rows), folder / "pool.parquet")
    return folder / "pool.parquet"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The folder of a tiny CLIP, and the inputs of a training with a pool; `pool_whole` are its photos."""
    folder = tmp_path_factory.mktemp("world")
    clip, (pairs, folds) = make_clip(folder / "clip"), make_pairs(folder / "data")
    table = make_pool(folder / "pool")
    config = {"train": {"clip": str(clip)}}
    cache = {"photos": folder / "pool.npy", "index": folder / "pool_photos.parquet"}
    pool = pd.read_parquet(table)
    from unscene.run.shards import file_sha256

    POOL.write(pool.assign(sha256=[file_sha256(path) for path in pool["path"]]), table)
    cache_pool(Job(inputs={"pool": table}, outputs=cache, config=config))
    features = folder / "features.npy"
    embed_pool(
        Job(
            inputs={"photos": cache["photos"]}, outputs={"features": features}, config=config, runtime=RUNTIME
        )
    )
    leaks = folder / "leaks.parquet"
    LEAKS.write(LEAKS.frame([]), leaks)
    inputs = {"pairs": pairs, "folds": folds, "leaks": leaks, **make_caches(folder / "data", clip, pairs)}
    inputs |= {"pool": table, "pool_photos": features, "pool_index": cache["index"]}
    return clip, inputs, cache["photos"]


def get_pool(world, arm=ABSENCE, withheld=()):
    clip, inputs, _ = world
    files = PoolFiles(inputs["pool"], inputs["pool_photos"], inputs["pool_index"])
    training = Training("own", arm, SETTINGS, (7, 0, 0), withheld=frozenset(withheld))
    return open_pool(files, training, load_clip(clip)[2]), training


def train(world, folder, arm=ABSENCE, inputs=None, **changes):
    clip, known, _ = world
    train_clip(make_training(arm, folder, clip, known | (inputs or {}), **changes))
    return folder


def read_weights(folder):
    return load_clip(folder)[0].state_dict()


def test_labels_are_present_absent_or_unknown(world):
    pool, _ = get_pool(world)
    car, dog = COCO80.places["car"], COCO80.places["dog"]
    assert not (pool.present & pool.absent).any()
    unknown = ~pool.present[:, car] & ~pool.absent[:, car]
    assert unknown.any() and (pool.present[:, dog] | pool.absent[:, dog]).all()
    assert {list(COCO80)[place] for place in pool.find_labelled()} == set(WORDS)


def test_labels_of_captions_know_what_is_named_and_nothing_else(world):
    pool, _ = get_pool(world, ABSENCE | {"pool_labels": "captions"})
    assert (pool.present | pool.absent).all()
    named = [{list(COCO80)[place] for place in np.flatnonzero(row)} for row in pool.present]
    assert named == [set(words) for words in pool.table["named"]]
    assert pool.present.sum() < get_pool(world)[0].present.sum()


def test_fewer_photos_are_part_of_more(world):
    chosen = [
        set(get_pool(world, ABSENCE | {"pool_limit": limit})[0].table["image_id"]) for limit in (8, 16, 25)
    ]
    assert [len(ids) for ids in chosen] == [8, 16, 25]
    assert chosen[0] < chosen[1] < chosen[2]


def test_withheld_words_have_no_label_and_are_taught_by_text_alone(world):
    pool, training = get_pool(world, withheld=["cat"])
    cat = COCO80.places["cat"]
    assert not pool.present[:, cat].any() and not pool.absent[:, cat].any()
    writer = PoolWriter(
        pool, read_grammar(), training.seeds, start_at_once("captions", "bare", "scene", "query")
    )
    told = writer.write(0, np.arange(12))
    asked = {text for kind in ("bare", "query") for text in told.claims[kind].text.tolist()}
    assert asked and not any(
        "cat" in COCO80.find_words(told.texts[text]) for text in asked - {*told.captions}
    )


def test_a_pool_smaller_than_a_batch_says_so(world):
    with pytest.raises(PairError, match="pool: 31 photos a batch, of 30"):
        get_pool(world, ABSENCE | {"pool": 31})


def start_at_once(*parts):
    """Parts of the pool's texts that are read from the first step on."""
    return dict.fromkeys(parts, 0)


def write_texts(world, parts=("captions", "bare", "scene", "query", "taught"), step=0, rows=None):
    pool, training = get_pool(world)
    nouns = ["zebra", "kite"] if "taught" in parts else []
    writer = PoolWriter(pool, read_grammar(), training.seeds, start_at_once(*parts), nouns)
    return pool, writer.write(step, np.arange(20) if rows is None else rows)


def test_every_claim_is_what_the_table_says(world):
    """By the words of the sentence itself: a sentence is right of no photo that it is wrong of, and a
    polarity is the other's mirror.
    """
    pool, told = write_texts(world)
    assert set(told.claims) == {"bare", "scene", "query"}
    for kind in ("bare", "scene"):
        claims = told.claims[kind]
        for denial, assertion in list_twins(kind, len(claims.text)):
            assert (claims.right[denial] == claims.wrong[assertion]).all()
            assert (claims.wrong[denial] == claims.right[assertion]).all()
            named = [set(COCO80.find_words(told.texts[claims.text[row]])) for row in (denial, assertion)]
            assert named[0] == named[1]
            present = [
                word
                for word in named[0]
                if (pool.present[:20, COCO80.places[word]] == claims.wrong[denial]).all()
            ]
            assert len(present) == 1, "a denial is wrong of exactly the photos that show its object"
            assert (claims.right[denial] == pool.absent[:20, COCO80.places[present[0]]]).all()
    claims = told.claims["query"]
    for row, text in enumerate(claims.text):
        wanted, unwanted = (COCO80.places[word] for word in order_words(told.texts[text]))
        assert (claims.right[row] == pool.present[:20, wanted] & pool.absent[:20, unwanted]).all()
        wrong = pool.present[:20, unwanted] if row % 2 == 0 else pool.absent[:20, wanted]
        assert (claims.wrong[row] == wrong).all()


def list_twins(kind, count):
    """Return (denial, assertion) of the same words, as rows; after every two such pairs a bare word is
    named plainly.
    """
    starts = [row for row in range(count) if row % 5 in (0, 2)] if kind == "bare" else range(0, count, 2)
    return [(start, start + 1) for start in starts]


def order_words(text):
    """Return the words of a query, the wanted one first."""
    return list(dict.fromkeys(mention.word for mention in COCO80.find_mentions(text)))


def test_unknown_cells_are_in_no_claim(world):
    pool, told = write_texts(world)
    car = COCO80.places["car"]
    unknown = ~pool.present[:20, car] & ~pool.absent[:20, car]
    assert unknown.any()
    for kind in ("bare", "scene"):
        claims = told.claims[kind]
        of_cars = [
            row
            for row, text in enumerate(claims.text)
            if (claims.right[row] | claims.wrong[row]).tolist() == (~unknown).tolist()
        ]
        assert of_cars, "no sentence about cars: the check below would be empty"
        assert not (claims.right[of_cars] | claims.wrong[of_cars])[:, unknown].any()


def test_scenes_leave_the_object_out_and_the_true_sentence_is_true_of_its_photo(world):
    pool, told = write_texts(world)
    scenes, claims = told.scenes, told.claims["scene"]
    assert len(scenes.photo)
    shown = 0
    for true, false, photo in zip(scenes.true, scenes.false, scenes.photo, strict=True):
        rows = {text: row for row, text in enumerate(claims.text.tolist())}
        assert claims.right[rows[true], photo] and claims.wrong[rows[false], photo]
        shown += rows[true] % 2  # an assertion is true: the photo shows what its caption leaves out
        caption = told.texts[told.captions[photo]]
        added = set(COCO80.find_words(told.texts[true])) - set(COCO80.find_words(caption))
        assert len(added) == 1
    assert 0 < shown < len(scenes.photo)


def test_a_true_sentence_meets_the_false_ones_of_both_frames(world):
    pool, told = write_texts(world)
    scenes = told.scenes
    assert len(set(scenes.photo.tolist())) > 1
    framed = 0
    for photo in set(scenes.photo.tolist()):
        its = scenes.photo == photo
        pairs = list(zip(scenes.true[its].tolist(), scenes.false[its].tolist(), strict=True))
        true, false = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
        assert set(pairs) == {(a, b) for a in true for b in false}
        # One word and one polarity a caption, whatever the frames: another word would be another question.
        words = [set(COCO80.find_words(told.texts[text])) for text in true | false]
        assert all(found == words[0] for found in words)
        assert len(set(scenes.shown[its].tolist())) == 1
        framed += len(true) > 1
    assert framed, "no caption drew two frames: the check of pairs across frames would be empty"


def test_arms_draw_the_same_sentences(world):
    _, whole = write_texts(world, step=3)
    _, part = write_texts(world, ("captions", "scene"), step=3)
    assert [part.texts[text] for text in part.claims["scene"].text] == [
        whole.texts[text] for text in whole.claims["scene"].text
    ]
    assert [part.texts[text] for text in part.captions] == [whole.texts[text] for text in whole.captions]
    _, other = write_texts(world, step=4)
    assert [other.texts[text] for text in other.claims["scene"].text] != [
        whole.texts[text] for text in whole.claims["scene"].text
    ]


def test_a_late_part_is_written_from_its_step_on(world):
    pool, training = get_pool(world)
    parts = start_at_once("captions", "bare") | {"query": 3}
    writer = PoolWriter(pool, read_grammar(), training.seeds, parts)
    before, after = writer.write(2, np.arange(20)), writer.write(3, np.arange(20))
    assert "query" not in before.claims and after.claims["query"].text.size
    _, whole = write_texts(world, ("captions", "bare", "query"), step=2)
    assert set(before.texts) < set(whole.texts), "queries are not written before"


def test_a_late_term_moves_nothing_before_it_comes_in(world, tmp_path):
    late = ABSENCE | {"late": {"across_query": 0.5}}
    never = ABSENCE | {"loss": {name: weight for name, weight in LOSS.items() if name != "across_query"}}
    curves = {
        name: pd.read_csv(train(world, tmp_path / name, arm) / "loss.csv", index_col="step")
        for name, arm in (("late", late), ("never", never), ("always", ABSENCE))
    }
    half = SETTINGS["steps"] // 2
    assert curves["late"]["across_query"].isna().tolist() == [True] * half + [False] * half
    for column in ("loss", "gradient_norm"):
        at = {name: curve[column].to_numpy() for name, curve in curves.items()}
        assert at["late"][:half] == pytest.approx(at["never"][:half], rel=1e-5)
        assert at["late"][half] != pytest.approx(at["never"][half], rel=1e-3)
        assert at["late"][0] != pytest.approx(at["always"][0], rel=1e-3)


@pytest.mark.parametrize(
    ("steps", "share", "first"), [(1, 0.5, 0), (2, 0.6, 1), (10, 0.99, 9), (100, 0.29, 29), (2600, 0.6, 1560)]
)
def test_a_late_term_has_the_last_step_at_least(steps, share, first):
    arm = ABSENCE | {"late": {"across_query": share}}
    starts = Training("own", arm, SETTINGS | {"steps": steps}, (7, 0, 0)).starts
    assert starts == dict.fromkeys(LOSS, 0) | {"across_query": first}


def open_reader(world, rank=0, size=1, arm=ABSENCE):
    pool, training = get_pool(world, arm)
    model, _, tokenizer = load_clip(world[0])
    reading = Reading(training, tokenizer, True, torch.device("cpu"), (), rank, size)
    embed = lambda texts: np.eye(8, dtype=np.float32)[np.arange(len(texts)) % 8]  # noqa: E731
    return PoolReader(pool, reading, list_pool_parts(arm["loss"]), embed)


def test_a_pass_shows_every_photo_at_most_once(world):
    reader = open_reader(world)
    shown = np.concatenate([reader.draw_rows(step) for step in range(3)])
    assert len(set(shown.tolist())) == len(shown) == 24
    assert reader.draw_rows(3).tolist() != reader.draw_rows(0).tolist()


@pytest.mark.parametrize("size", [2, 4])
def test_processes_share_a_batch_and_find_every_text_again(world, size):
    whole = open_reader(world).read(2)
    shares = [open_reader(world, rank, size).read(2) for rank in range(size)]
    assert torch.equal(torch.cat([share.photos for share in shares]), whole.photos)
    assert len({len(share.tokens) for share in shares}) == 1
    length = max(share.tokens.shape[1] for share in shares)
    tokens = torch.cat(
        [torch.nn.functional.pad(share.tokens, (0, length - share.tokens.shape[1])) for share in shares]
    )
    for share in shares:
        assert torch.equal(tokens[torch.from_numpy(share.order)], whole.tokens[torch.from_numpy(whole.order)])
        assert share.told.texts == whole.told.texts


def test_the_teacher_tells_of_what_labels_do_not_cover(world):
    pool, _ = get_pool(world)
    parts = ("bare", "captions", "taught")
    taught = list_taught(pool, parts, ["tree", "zebra"])
    assert set(taught) == set(COCO80) - set(WORDS) | {"tree"} and len(taught) == len(set(taught))
    assert list_taught(pool, ("captions", "taught"), []) == list(COCO80), "no label is read"
    assert "cat" in list_taught(pool.withhold(["cat"]), parts, [])
    assert list_taught(pool, ("bare", "captions"), ["tree"]) == []


def test_taught_sentences_leave_their_noun_out_of_the_caption(world):
    pool, training = get_pool(world)
    writer = PoolWriter(
        pool, read_grammar(), training.seeds, start_at_once("captions", "taught"), ["dog", "field"]
    )
    taught = [(step, writer.write(step, np.arange(20))) for step in range(4)]
    kinds = set()
    for _, told in taught:
        rows = zip(*(getattr(told.taught, name).tolist() for name in ("photo", "noun", "sign")), strict=True)
        for photo, noun, sign in rows:
            kinds.add((photo >= 0, noun, sign))
            caption = told.texts[told.captions[photo]]
            assert photo < 0 or noun == 0 and "dog" not in COCO80.find_words(caption)
    assert {(False, 0, 1), (False, 0, -1), (False, 1, 1), (False, 1, -1), (True, 0, -1)} <= kinds


def test_directions_are_centred_on_all_nouns():
    features = {"a photo": [1.0, 0, 0], "a photo of a kite": [0, 1.0, 0], "a photo of a dog": [0, 0, 1.0]}
    found = Directions.of(
        ["kite"], ["dog", "kite"], COCO80, lambda texts: np.array([features[t] for t in texts], np.float32)
    )
    assert found.neutral.tolist() == [1, 0, 0]
    assert np.allclose(found.of_noun, [[0, 0.5, -0.5]])


def test_a_training_with_a_pool_repeats_itself_and_leaves_the_image_tower(world, tmp_path):
    first, second = (train(world, tmp_path / name) for name in "ab")
    ours, again, base = read_weights(first), read_weights(second), load_clip(world[0])[0].state_dict()
    assert all(torch.equal(ours[name], again[name]) for name in ours)
    moved = {name for name in ours if not torch.equal(ours[name], base[name])}
    assert moved and not any(name.startswith("visual.") for name in moved)
    meta = json.loads((first / "meta.json").read_text())
    assert meta["denied"] == COCO80.sort(WORDS)
    assert meta["pool_photos"] == 30 and meta["samples_seen"] == 4 * (2 * 4 + 8)
    curve = pd.read_csv(first / "loss.csv")
    assert {*LOSS, "loss"} <= set(curve) and np.isfinite(curve).all().all()


def test_parts_of_a_batch_give_the_update_of_the_whole(world, tmp_path):
    whole, parts = (
        read_weights(train(world, tmp_path / str(chunk), runtime={"chunk_pairs": chunk})) for chunk in (0, 3)
    )
    base = load_clip(world[0])[0].state_dict()
    for name, value in whole.items():
        moved = (value - base[name]).abs().max()
        assert (value - parts[name]).abs().max() <= 0.02 * moved + 1e-6, name


def test_cached_features_of_the_pool_are_those_of_its_photos(world, tmp_path):
    """With the image tower frozen and photos whole, the array of photos gives the training that the
    array of features gives.
    """
    clip, inputs, photos = world
    cached = read_weights(train(world, tmp_path / "cached"))
    whole = read_weights(train(world, tmp_path / "whole", inputs={"pool_photos": photos}))
    base = load_clip(clip)[0].state_dict()
    for name, value in cached.items():
        moved = (value - base[name]).abs().max()
        assert (value - whole[name]).abs().max() <= 0.02 * moved + 1e-6, name


def test_a_killed_training_goes_on_to_the_same_bytes(world, tmp_path, monkeypatch):
    from unscene.training.loop import Trainer

    monkeypatch.chdir(tmp_path)
    folder = "results/models/own/fold0/seed0"
    whole = train(world, tmp_path / "whole")
    take = Trainer.take_step

    def die(self, batch, step):
        if step == 2:
            raise KeyboardInterrupt
        return take(self, batch, step)

    monkeypatch.setattr(Trainer, "take_step", die)
    from pathlib import Path

    with pytest.raises(KeyboardInterrupt):
        train(world, Path(folder), runtime={"save_seconds": 0})
    assert list((tmp_path / "state/train").rglob("*.pt"))
    steps = []

    def count(self, batch, step):
        steps.append(step)
        return take(self, batch, step)

    monkeypatch.setattr(Trainer, "take_step", count)
    train(world, Path(folder), runtime={"save_seconds": 0})
    assert steps == [2, 3]
    ours, theirs = read_weights(folder), read_weights(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_saved_model_lies_alpha_of_the_way(world, tmp_path):
    tuned = read_weights(train(world, tmp_path / "tuned"))
    half = read_weights(train(world, tmp_path / "half", ABSENCE | {"alpha": 0.5}))
    base = load_clip(world[0])[0].state_dict()
    for name, value in half.items():
        assert torch.allclose(value, (base[name] + tuned[name]) / 2, atol=1e-6), name


def test_alpha_goes_with_adapters(world, tmp_path):
    arm = ABSENCE | {"alpha": 0.5, "lora_rank": 2}
    base = load_clip(world[0])[0].state_dict()
    half = read_weights(train(world, tmp_path / "half", arm))
    assert set(half) <= set(base)


def test_a_teacher_with_nothing_left_to_teach_trains_on(world, tmp_path, monkeypatch):
    monkeypatch.setattr("unscene.training.pool_batches.list_taught", lambda *_: [])
    arm = ABSENCE | {"loss": ABSENCE["loss"] | {"text_teacher": 1}}
    curve = pd.read_csv(train(world, tmp_path / "model", arm) / "loss.csv")
    assert (curve["text_teacher"] == 0).all() and (curve["across_bare"] > 0).all()


def test_an_arm_has_its_own_steps(world, tmp_path):
    folder = train(world, tmp_path / "own", ABSENCE | {"steps": 2, "learning_rate": 1e-4})
    curve = pd.read_csv(folder / "loss.csv")
    assert len(curve) == 2 and json.loads((folder / "meta.json").read_text())["steps"] == 2
    assert curve["learning_rate"].max() <= 1e-4


def test_a_fold_of_categories_withholds_their_labels(world, tmp_path, monkeypatch):
    seen = []

    def note(files, training, tokenizer, original=open_pool):
        seen.append(training.withheld)
        return original(files, training, tokenizer)

    monkeypatch.setattr("unscene.training.fine_tuning.open_pool", note)
    classes = tmp_path / "classes.parquet"
    rows = [{"category": word, "edits": 8, "fold": fold} for fold, word in enumerate(WORDS)]
    CLASSES.write(CLASSES.frame(rows), classes)
    train(world, tmp_path / "own", inputs={"classes": classes}, fold=1)
    assert seen == [frozenset({"cat"})]


def test_an_arm_withholds_words_from_pairs_and_labels(world, tmp_path):
    folder = train(world, tmp_path / "own", ABSENCE | {"withheld": ["cat"]})
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["denied"] == COCO80.sort({"dog", "car"})
    whole = json.loads((train(world, tmp_path / "whole") / "meta.json").read_text())
    assert meta["pairs"] < whole["pairs"]


@pytest.mark.parametrize("loss", [{"infonce": 1}, {"pool_keep": 1}])
def test_what_tells_of_no_absence_denies_nothing(world, tmp_path, loss):
    plain = {"images": "originals", "texts": "plain", "batches": "random", "loss": loss}
    arm = plain | ({"pool": 8} if "pool_keep" in loss else {})
    meta = json.loads((train(world, tmp_path / "own", arm) / "meta.json").read_text())
    assert meta["denied"] == []
