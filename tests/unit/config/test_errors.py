"""Mistakes in a config as a user makes them: an overlay each. What is printed fits on a screen and
names the file, the line, the key and the way out.
"""

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unscene.config.files import check_file
from unscene.config.problems import MOST_LINES
from unscene.config.reading import read_config
from unscene.run.configuration import ConfigError

CHECKOUT = Path(__file__).resolve().parents[3]
SECRET = "sk-proj-" + "a1B2c3D4" * 4

# name: (overlay, line of the mistake, its key, what else must be said)
MISTAKES = {
    # keys
    "misspelt block": ("mask: {weights: a.pt}", 1, "mask", "did you mean masks?"),
    "misspelt key": ("seed: 3\nmasks:\n  weigths: a.pt", 3, "masks.weigths", "did you mean masks.weights?"),
    "dash for underscore": ("train: {batch-pairs: 4}", 1, "train.batch-pairs", "train.batch_pairs?"),
    "capital": ("Seed: 3", 1, "Seed", "did you mean seed?"),
    "wrong block": ("train: {budget_usd: 4}", 1, "train.budget_usd", "did you mean api.budget_usd?"),
    "key without its block": ("learning_rate: 0.1", 1, "learning_rate", "did you mean train.learning_rate?"),
    "dotted key": ("train.steps: 4", 1, "train.steps", "train: {steps: ...}"),
    "a key of nobody": ("deploy: {zone: 4}", 1, "deploy.zone", "deploy has arm"),
    "a key that is a number": ("train: {arms: {7: {}}}", 1, "train.arms.7", "quotes"),
    "a name that YAML takes for no": ("train: {arms: {no: {}}}", 1, "train.arms.no", "quotes"),
    "arm with capitals": ("train: {arms: {Mine: {}}}", 1, "train.arms.Mine", "small letters"),
    "twice": ("masks:\n  min_area: .1\nseed: 1\nmasks:\n  iou: .5", 4, "masks", "line 1"),
    # values
    "empty block": ("masks:\nseed: 3", 1, "masks", "is empty"),
    "text for a number": (
        "train:\n  learning_rate: fast",
        2,
        "train.learning_rate",
        "a number above 0, not fast",
    ),
    "number in quotes": ('masks: {iou: "0.5"}', 1, "masks.iou", "leave out the quotes"),
    "decimal comma": ("masks: {iou: '0,5'}", 1, "masks.iou", "decimal point"),
    "percent": ("masks: {iou: 50%}", 1, "masks.iou", "0.5"),
    "half a photo": ("train: {batch_pairs: 2.5}", 1, "train.batch_pairs", "a whole number of at least 2"),
    "above its bound": ("masks: {iou: 70}", 1, "masks.iou", "from 0 to 1, not 70"),
    "no multiple": ("masks: {image_size: 500}", 1, "masks.image_size", "a multiple of 32"),
    "infinite": ("train: {weight_decay: .inf}", 1, "train.weight_decay", "no finite number"),
    "misspelt name": ("edits: {backend: difusers}", 1, "edits.backend", "did you mean diffusers?"),
    "another name": (
        "runtime: {precision: int3}",
        1,
        "runtime.precision",
        "one of float32, bfloat16, float16",
    ),
    "null where it must be": ("api: {model: null}", 1, "api.model", "must be text, not null"),
    "number for text": ("report: {title: 2026}", 1, "report.title", "quotes"),
    "on for a name": ("masks: {carriers: on}", 1, "masks.carriers", "on and off as true and false"),
    "one for a list": ("train: {seeds: 3}", 1, "train.seeds", "write [...] around it"),
    "list for a block": ("masks: [1, 2]", 1, "masks", "a block of keys, not a list"),
    "empty list": ("samples: {sources: []}", 1, "samples.sources", "give one at least"),
    "entry twice": ("train: {seeds: [1, 1]}", 1, "train.seeds", "once"),
    "no folder": (
        'samples: {sources: [{name: a, format: folder, folder: ""}]}',
        1,
        "samples.sources.0.folder",
        "is empty; give a value",
    ),
    "no path": ("masks: {weights: ''}", 1, "masks.weights", "is empty; give a value"),
    "no path where none is needed": ("train: {clip: ''}", 1, "train.clip", "is empty; give a value or null"),
    "one for a block or null": ("evaluate: {world: 5}", 1, "evaluate.world", "be null or a block of keys"),
    "null for a list": ("samples: {sources: null}", 1, "samples.sources", "must be a list, not null"),
    "of no parts": ("part: 1/0", 1, "part", "a number of parts (2/4) or null"),
    "hash too short": ("masks: {sha256: abc}", 1, "masks.sha256", "64 hex digits"),
    "address without scheme": ("api: {base_url: localhost}", 1, "api.base_url", "https://HOST/v1"),
    "address with a password": (
        "api: {base_url: 'http://me:PASS@host/v1'}",
        1,
        "api.base_url",
        "https://HOST/v1",
    ),
    "address that is torn": ("api: {base_url: 'http://[::1/v1'}", 1, "api.base_url", "https://HOST/v1"),
    "a source lacks a key": (
        "samples:\n  sources:\n    - {name: a, format: coco, photos: 2, captions: c.json}",
        3,
        "samples.sources.0.images",
        "the format coco needs it",
    ),
    "a source has a key of others": (
        "samples: {sources: [{name: a, format: coco, photos: 2, captions: c, images: i, tars: t}]}",
        1,
        "samples.sources.0.tars",
        "the format coco has no use for it",
    ),
    "misspelt term": (
        "train:\n  arms:\n    mine: {images: both, texts: negated, batches: paired, loss: {rnak: 1}}",
        3,
        "train.arms.mine.loss.rnak",
        "rank?",
    ),
    "misspelt threshold": (
        "quality: {thresholds: {max_residul: 0}}",
        1,
        "quality.thresholds.max_residul",
        "quality.thresholds.max_residual?",
    ),
    "control or number": (
        "quality: {thresholds: {max_residual: high}}",
        1,
        "quality.thresholds.max_residual",
        "controls",
    ),
    "auto or number": ("keywords: {captions_per_prompt: 900}", 1, "keywords.captions_per_prompt", "or auto"),
    "a number with a leading zero": ("seed: 010", 1, "seed", "010 is read as 8"),
    "a number with a colon": ("train: {steps: 1:30}", 1, "train.steps", "1:30 is read as 90"),
    "a large number with a comma": ("train: {steps: 3,000}", 1, "train.000", "takes no comma"),
    "beyond all numbers": ("train: {learning_rate: 1e400}", 1, "train.learning_rate", "above 0, not 1e400"),
    "date for text": ("report: {title: 2026-11-30}", 1, "report.title", "read as a date; put it in quotes"),
    "nothing as Python writes it": ("train: {clip: None}", 1, "train.clip", "write null"),
    "no-break space": ("seed: 3\n\u00a0masks: {iou: 0.5}", 2, "masks", "a space that is none (U+00A0)"),
    "source without a format": (
        "samples: {sources: [{name: a, photos: 3}]}",
        1,
        "samples.sources.0.format",
        "is missing; it must be one of embedded, coco,",
    ),
    "a source lacks a key that the default's has": (
        "samples: {sources: [{name: a, format: embedded, photos: 3}]}",
        1,
        "samples.sources.0.seed",
        "the format embedded needs it",
    ),
    # keys against each other
    "arm left out that is not there": (
        "train: {arms: {abscence: null}}",
        1,
        "train.arms.abscence",
        "did you mean absence?",
    ),
    "thresholds that cross": (
        "quality: {thresholds: {min_blur_ratio: 3, max_blur_ratio: 2}}",
        1,
        "quality.thresholds.min_blur_ratio",
        "no edit could pass both",
    ),
    "address of a call": (
        "api: {base_url: https://api.openai.com/v1/chat/completions}",
        1,
        "api.base_url",
        "what stands before it",
    ),
    "unknown arm": ("deploy: {arm: absense}", 1, "deploy.arm", "did you mean absence?"),
    "unknown arm of sets": ("evaluate: {set_arms: [paird]}", 1, "evaluate.set_arms", "did you mean paired?"),
    "weights of another remover": (
        "edits: {backend: telea, scheduler: lcm}",
        1,
        "edits.scheduler",
        "set it to null",
    ),
    "sizes that cross": ("masks: {min_area: .9}", 1, "masks.min_area", "smaller than masks.max_area"),
    # secrets
    "key in a file": (f"api: {{key: {SECRET}}}", 1, "api.key", "OPENAI_API_KEY"),
    "key of another name": (f"api:\n  openai_api_key: {SECRET}", 2, "api.openai_api_key", "OPENAI_API_KEY"),
    "key of another endpoint": (
        "api: {base_url: https://me.openai.azure.com/openai/v1, token: 1}",
        1,
        "api.token",
        "AZURE_OPENAI_API_KEY",
    ),
    "key as an address": (f"api: {{base_url: {SECRET}}}", 1, "api.base_url", "environment variables"),
    "key before a host": (
        f"api: {{base_url: 'https://me:{SECRET}@api.openai.com/v1'}}",
        1,
        "api.base_url",
        "OPENAI_API_KEY",
    ),
    "key behind an address": (
        f"api: {{base_url: 'https://llm.example.org/v1?key={SECRET}'}}",
        1,
        "api.base_url",
        "OPENAI_API_KEY",
    ),
    "key as a key": (f"api: {{{SECRET}: 1}}", 1, "api", "OPENAI_API_KEY"),
    "key as a name": (f"runtime: {{device: {SECRET}}}", 1, "runtime.device", "one of auto, cpu, cuda"),
    # files
    "colon in a text": ("report: {title: My run: first try}", 1, "", "needs quotes"),
    "colon in a line": ("seed: 3\nreport:\n  title: My run: first try", 3, "", "quotes"),
    "address without half of its slashes": (
        f"api: {{base_url: 'https:/me:{SECRET}@host/v1'}}",
        1,
        "api.base_url",
        "is not shown",
    ),
    "address that is no number of IPv6": (
        "api: {base_url: 'https://[:::]/v1'}",
        1,
        "api.base_url",
        "is no address",
    ),
    "quote that is never closed": (
        "seed: 3\nreport: {title: 'Mine}\nwords: x",
        2,
        "",
        "never closed",
    ),
    "tab": ("masks:\n\tiou: 0.5", 2, "", "spaces"),
    "tab behind a value": (
        "masks:\n  iou: 0.5\t# wide\n",
        2,
        "",
        "write spaces in place of tabs, also behind a value",
    ),
    "no space after the colon": ("seed:3\nmasks:\n  iou: 1", 2, "", ""),
    "unknown alias": ("report: {title: *title}", 1, "", "quotes"),
    "anchor of itself": ("train: &a {seeds: [*a]}", 1, "train.seeds.0", "holds itself"),
    "two documents": ("seed: 3\n---\nseed: 4", 2, "", "one document"),
    "tag": ("seed: !!python/name:os.system 3", 1, "", "tag"),
    "a list": ("- seed: 3", 1, "", "begin with keys"),
    "one word": ("seed", 1, "", "begin with keys"),
    "empty": ("# nothing yet", None, "", "is empty"),
}


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else (text + "\n").encode())
    return path


def tell(*files: Path) -> str:
    with pytest.raises(ConfigError) as error:
        read_config(CHECKOUT, files)
    told = str(error.value)
    assert len(told.splitlines()) <= MOST_LINES
    assert SECRET not in told and "Error" not in told
    return told


def join(told: str) -> str:
    return " ".join(told.split())


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_file_line_key_and_the_way_out(name, tmp_path):
    overlay, line, key, way_out = MISTAKES[name]
    told = join(tell(write(tmp_path / "mine.yaml", overlay)))
    assert told.startswith("There is a mistake in the config")
    assert f"mine.yaml{f':{line}' if line else ''}: {key}" in told, told
    assert way_out in told, told


@pytest.mark.parametrize(
    ("content", "way_out"),
    [
        ("seed: 3\n".encode("utf-16"), "save it as UTF-8"),
        ("report: {title: Ä}\n".encode("latin-1"), "mine.yaml:1: is no text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no text in UTF-8"),
        (b"seed: \x07\n", "control character"),
    ],
)
def test_a_file_that_is_no_text_is_told(content, way_out, tmp_path):
    assert way_out in join(tell(write(tmp_path / "mine.yaml", content)))


def test_nobody_is_told_to_put_null_in_a_list(tmp_path):
    assert "[...]" not in tell(write(tmp_path / "mine.yaml", "samples: {sources: null}"))


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path):
    write(tmp_path / "mine.yaml", "seed: 3")
    assert "mien.yaml: is not there; did you mean mine.yaml?" in join(tell(tmp_path / "mien.yaml"))
    assert "is a folder" in tell(tmp_path)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_keys(tmp_path):
    one = write(tmp_path / "one.yaml", "train: {steps: 0}\nmasks: {weigths: a.pt}\ndeploy: {arm: x}")
    two = write(tmp_path / "two.yaml", "seed: -1")
    told = tell(one, two).splitlines()
    assert told[0].startswith("There are 4 mistakes")
    places = [
        "two.yaml:1: seed",
        "one.yaml:2: masks.weigths",
        "one.yaml:1: train.steps",
        "one.yaml:3: deploy.arm",
    ]
    found = [next(n for n, line in enumerate(told) if place in line) for place in places]
    assert found == sorted(found)


def test_what_finds_no_room_is_counted(tmp_path):
    told = tell(write(tmp_path / "mine.yaml", "".join(f"key_{n}: 1\n" for n in range(30)))).splitlines()
    assert told[0].startswith("There are 30 mistakes") and len(told) == MOST_LINES
    shown = sum("is no key" in line for line in told)
    assert shown and told[-1].startswith(f"  ... and {30 - shown} more")


@pytest.mark.parametrize("written", ["5e-6", "5.0e-6", "0.000005", "'5e-6'"])
def test_a_rate_is_a_number_however_it_is_written(written, tmp_path):
    config = read_config(CHECKOUT, [write(tmp_path / "mine.yaml", f"train: {{learning_rate: {written}}}")])
    assert config["train"]["learning_rate"] == 0.000005


def test_whole_numbers_may_have_an_exponent(tmp_path):
    overlay = "samples: {max_pixels: 1e8}\nquality: {thresholds: {max_seam: 2e0}}\ntrain: {seeds: [1e1]}"
    config = read_config(CHECKOUT, [write(tmp_path / "mine.yaml", overlay)])
    assert config["samples"]["max_pixels"] == 100_000_000 and type(config["samples"]["max_pixels"]) is int
    assert config["quality"]["thresholds"]["max_seam"] == 2
    assert config["train"]["seeds"] == [10] and type(config["train"]["seeds"][0]) is int


def test_the_query_that_an_endpoint_asks_for_is_no_key(tmp_path):
    url = "https://RESOURCE.openai.azure.com/openai/v1?api-version=preview"
    config = read_config(CHECKOUT, [write(tmp_path / "mine.yaml", f"api: {{base_url: '{url}'}}")])
    assert config["api"]["base_url"] == url


def test_anchors_marks_and_json_are_read(tmp_path):
    anchors = "masks: {iou: &share 0.5}\nfolds: {folds: 4}\ncaptions: {held_out_share: *share}"
    config = read_config(CHECKOUT, [write(tmp_path / "a.yaml", "\ufeff" + anchors)])
    assert config["captions"]["held_out_share"] == 0.5
    assert read_config(CHECKOUT, [write(tmp_path / "b.json", '{\n\t"seed": 3\n}')])["seed"] == 3


def test_an_anchor_is_looked_at_once_however_often_it_is_named(tmp_path):
    names = "abcdefgh"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in itertools.pairwise(names)
    ]
    started = time.process_time()
    list(check_file(write(tmp_path / "mine.yaml", "\n".join(lines))))
    assert time.process_time() - started < 5  # 10 million leaves took a minute


def run_snakemake(folder: Path, *arguments: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--dry-run",
        "--cores",
        "1",
        "--directory",
        str(folder / "run"),
    ]
    done = subprocess.run(
        [*command, *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) <= 12 and "Traceback" not in done.stdout, done.stdout
    return lines


@pytest.mark.workflow
@pytest.mark.parametrize("part", ["0/4", "5/4"])
def test_a_part_of_no_such_number_is_told_which_there_are(part, tmp_path):
    told = run_snakemake(tmp_path, "--config", f"part={part}")
    assert any("parts are counted from 1/4 to 4/4" in line for line in told)
    path = write(tmp_path / "mine.yaml", f"part: {part}")
    with pytest.raises(ConfigError, match="parts are counted from 1/4 to 4/4"):
        read_config(CHECKOUT, [path])  # as commands that start no run read it


@pytest.mark.workflow
@pytest.mark.parametrize("name", ["misspelt block", "key in a file", "colon in a line", "unknown arm"])
def test_snakemake_itself_prints_the_same_screen(name, tmp_path):
    overlay, _, _, _ = MISTAKES[name]
    path = write(tmp_path / "mine.yaml", overlay)
    told = tell(path).splitlines()
    assert run_snakemake(tmp_path, "--configfile", str(path))[-len(told) :] == told


@pytest.mark.workflow
@pytest.mark.parametrize("option", [["--directory"], ["-d"], []], ids=["long", "short", "joined"])
def test_a_refused_run_leaves_no_directory_where_none_was(tmp_path, option):
    captions = write(tmp_path / "own.csv", "path,caption\na.jpg,a dog")
    source = f"{{name: own, format: table, table: {captions}}}"  # counted before the rest is refused
    path = write(tmp_path / "mine.yaml", f"samples: {{sources: [{source}]}}\nmasks: {{weights: none.pt}}")
    (tmp_path / "mine").mkdir()
    for run, is_kept in (("mine", True), ("mine/new/run", False), ("other/run", False)):
        place = [*option, str(tmp_path / run)] if option else [f"-d{tmp_path / run}"]
        told = run_snakemake(tmp_path, "--configfile", str(path), *place)
        assert any("Source own has 1 photo" in line for line in told)
        assert (tmp_path / run).exists() is is_kept
    assert [entry.name for entry in (tmp_path / "mine").iterdir()] == ["state"]
    assert not (tmp_path / "other").exists()


@pytest.mark.workflow
def test_a_config_file_that_snakemake_would_drop_stops_the_run(tmp_path):
    one, two = write(tmp_path / "one.yaml", "seed: 3"), write(tmp_path / "two.yaml", "seed: 4")
    told = "\n".join(run_snakemake(tmp_path, "--configfile", str(one), f"--configfile={two}"))
    assert "--configfile stands twice" in told and f"  --configfile {one} {two}" in told
