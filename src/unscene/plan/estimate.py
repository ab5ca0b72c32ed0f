"""Estimate what the configured run will cost before anything is spent: tokens, dollars, GPU hours,
bytes, files.
"""

import logging
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import yaml

from unscene.answers.prices import PriceError, find_price, read_prices
from unscene.edits.removers import REMOVERS
from unscene.machine.job import Job
from unscene.plan.clip_work import count_tested_pairs, count_training, count_untouched, count_world
from unscene.plan.comparison_power import describe_comparison, estimate_comparison
from unscene.plan.licences import list_licences
from unscene.plan.projection import PROCESSOR, SAME_WORK, describe_projection, project_run, tell_time
from unscene.plan.rule_power import describe_rule, estimate_rule
from unscene.plan.study_power import describe_power
from unscene.plan.text_costs import STAGES, describe_stage, estimate_api, is_paid
from unscene.run.checkout import CHECKOUT, is_embedded
from unscene.run.configuration import is_trained, list_sources, trains
from unscene.run.counts import tell_count
from unscene.run.shard_names import list_shards
from unscene.run.tables import write_json
from unscene.samples.readers import SourceError, find_like, has_instances, is_rendered, iterate_items
from unscene.samples.reading import clean_captions

_CAPTIONS_OF = 200  # items of a source, for its mean number of captions


def estimate_run(job: Job) -> None:
    """Write the plan and print it. Reads the config, the prices, the assumptions and the first
    captions of each source that is there; no photo, no network. outputs: plan.

    The weights of CLIP need not be there yet.
    """
    # Sections with their paths: which weights these are decides what figures hold.
    sections = {name: job.look_up(name) for name in job.settings}
    prices = read_prices(job.find("plan.prices"))
    assumed = assume_captions(sections, read_throughput())
    plan = make_plan(sections, prices, assumed)
    plan["weights"] = list_licences(sections, CHECKOUT)
    if any(is_paid(plan["api"][stage]["backend"]) for stage in STAGES):
        warn_about_prices(prices, job.settings["api"]["model"], date.today())
    write_json(plan, job.outputs.plan)
    print(describe_plan(plan))
    found = project_run(sections, plan, assumed, job.look_up("storage.pack"))
    print(f"\n{describe_projection(found)}")


def read_throughput() -> dict:
    """Return the assumptions that the plan rests on."""
    return yaml.safe_load((files("unscene.resources") / "throughput.yaml").read_text(encoding="utf-8"))


def assume_captions(settings: dict, assumed: dict) -> dict:
    """Return the assumptions with `captions_of`: how many captions a photo of each source has, as its
    first photos have them. A source that is not there yet keeps what is assumed of its format.
    """
    counted = {}
    for source in settings["samples"]["sources"]:
        if not is_rendered(source):
            with suppress(SourceError, OSError):
                counted[source["name"]] = {
                    "value": _average_captions(source),
                    "kind": "measured",
                    "source": f"captions of the first {_CAPTIONS_OF} items of this source",
                }
    return assumed | {"captions_of": counted}


def _average_captions(source: dict) -> float:
    seen = range(min(source["photos"], _CAPTIONS_OF))
    counts = [
        len(clean_captions(item.captions, None, 0)[0]) for item in iterate_items(source, seen, CHECKOUT)
    ]
    return sum(counts) / max(len(counts), 1)


def make_plan(settings: dict, prices: dict, assumed: dict) -> dict:
    """Return the plan as a dict."""
    count = count_items(settings, assumed)
    if find_price(prices, settings["api"]["model"]) is None:
        raise PriceError(
            f"api.model: {settings['api']['model']!r} has no price in plan.prices (there are:"
            f" {', '.join(prices['models'])})"
        )
    api = estimate_api(settings, prices, assumed, count)
    return {
        "items": count,
        "api": api,
        "over_budget": api["usd"] > settings["api"]["budget_usd"],
        "devices": estimate_devices(settings, assumed, count),
        "storage": estimate_storage(settings, assumed, count),
        "comparison": estimate_comparison(settings, assumed, count),
        "rule": estimate_rule(settings, assumed, count),
        "assumptions": {"date": str(assumed["date"]), **list_assumptions(assumed)},
    }


def count_items(settings: dict, assumed: dict) -> dict:
    """Return how many items each stage is expected to see; of what depends on the photos, the
    assumed share.
    """
    photos = captions = shards = pool_photos = asked_photos = asked_captions = 0
    for source in list_sources(settings, pool=True):
        pool_photos += source["photos"]
        shards += len(list_shards(source, settings["samples"]["shard_size"]))
        # Where a pool's source lists objects, nobody is asked about its captions.
        if not has_instances(source):
            asked_photos += source["photos"]
            asked_captions += round(source["photos"] * _count_captions(source, settings, assumed))
    for source in list_sources(settings):
        photos += source["photos"]
        captions += round(source["photos"] * _count_captions(source, settings, assumed))
        shards += len(list_shards(source, settings["samples"]["shard_size"]))
    edits = expect_edits(list_sources(settings), settings["masks"]["edits_per_photo"], assumed)
    shams = edits * get_value(assumed, "shares.shams_with_room") if settings["edits"]["sham"] else 0
    attempts = edits * (get_value(assumed, "shares.attempts") if settings["edits"]["attempts"] > 1 else 1)
    trained = [name for name, arm in settings["train"]["arms"].items() if is_trained(arm)]
    runs = settings["folds"]["folds"] * len(settings["train"]["seeds"])
    return {
        "photos": photos,
        "pool_photos": pool_photos,
        "pool_photos_asked": asked_photos,
        "shards": shards,
        "captions": captions,
        "pool_captions": asked_captions,
        "edits": edits,
        "attempts": round(attempts),
        "shams": round(shams),
        "pairs": expect_pairs(edits, assumed),
        "trainings": (
            # and the deployed arm on all pairs, where it is trained
            len([*trained, *settings["train"]["class_folds"]]) * runs + (settings["deploy"]["arm"] in trained)
            if trains(settings)
            else 0
        ),
        "evaluations": len(settings["train"]["arms"]) * runs,
    }


def expect_edits(sources: Iterable[dict], edits_per_photo: int, assumed: dict) -> int:
    """Return how many edits are expected of the photos of sources: each further one of a photo is half as
    likely.
    """
    with_edit = get_value(assumed, "shares.photos_with_edit")
    first = sum(source["photos"] * with_edit[find_like(source)] for source in sources)
    return round(first * (1 + 0.5 * (edits_per_photo - 1)))


def expect_pairs(edits: int, assumed: dict) -> int:
    """Return how many of so many edits are expected to be accepted."""
    return round(edits * get_value(assumed, "shares.edits_accepted"))


def estimate_devices(settings: dict, assumed: dict, count: dict) -> dict:
    """Return for each device stage its items and its hours on each device that a figure is known for."""
    edits, train = settings["edits"], settings["train"]
    backend = REMOVERS[edits["backend"]]
    remover = get_kind(edits["weights"]) if backend.weights else "without"
    judge = get_kind(settings["quality"]["judge"] or train["clip"])
    kinds = {
        "segment_objects": get_kind(settings["masks"]["weights"]),
        "remove_objects": remover,
        **({"make_sham_edits": remover} if edits["sham"] else {}),
        "score_edits": judge,
        **({"score_controls": judge} if settings["quality"]["controls"] else {}),
        "train_clip": get_kind(train["clip"]),
        "evaluate_clip": get_kind(train["clip"]),
        **({"evaluate_set": get_kind(train["clip"])} if settings["evaluate"]["world"] else {}),
    }
    text = get_value(assumed, "shares.text_of_photo")
    questions = get_value(assumed, "shares.questions")
    shown = get_value(assumed, "shares.words_of_photo")
    tested_pairs = count_tested_pairs(settings, count, text)
    items = {
        # On pool photos without listed objects the same detector looks for all words.
        "segment_objects": count["photos"] + count["pool_photos_asked"],
        "remove_objects": count["attempts"],
        "make_sham_edits": count["shams"],  # one attempt each: nothing is asked of how much they change
        "score_edits": count["edits"],
        # Of each kind so many, as far as there are objects to place on other photos, round after round.
        "score_controls": (
            min(settings["quality"]["controls"], count["edits"] * get_value(assumed, "shares.control_rounds"))
            * get_value(assumed, "shares.control_kinds")
        ),
        "train_clip": count_training(settings, count, text),
        "evaluate_clip": tested_pairs + count_untouched(settings, count, text, questions, shown),
        "evaluate_set": count_world(settings, text, questions, get_value(assumed, "shares.world")),
    }
    of_edits = {}
    if "size" in backend.keys:
        of_edits = dict.fromkeys(("remove_objects", "make_sham_edits"), edits["size"])
    sides = {
        "segment_objects": settings["masks"]["image_size"],
        **of_edits,
        "score_edits": settings["quality"]["judge_image_size"],
        "score_controls": settings["quality"]["judge_image_size"],
    }
    steps = backend.count_evaluations(edits)
    stages, total = {}, {}
    for stage, kind in kinds.items():
        hours = {}
        speeds = assumed["seconds"][SAME_WORK.get(stage, stage)][kind]
        for device, speed in speeds.items():
            seconds = speed["s"] if "s" in speed else speed["fixed"] + speed["step"] * steps
            scale = (sides[stage] / speed["side"]) ** 2 if stage in sides and "side" in speed else 1
            hours[device] = items[stage] * seconds * scale / 3600
            total[device] = total.get(device, 0) + hours[device]
        stages[stage] = {
            "weights": kind,
            "figures_of": tell_footing(speeds, edits["backend"]),
            "items": round(items[stage]),
            "hours": {device: round(value, 4) for device, value in hours.items()},
        }
    # What of it grows with the pairs that there will be.
    stages["evaluate_clip"]["items_of_pairs"] = round(tested_pairs)
    return {"stages": stages, "hours": {device: round(value, 4) for device, value in total.items()}}


def tell_footing(speeds: dict[str, dict], remover: str) -> str:
    """Return what a removal stage's figures were measured on, where that may be another network than
    the configured remover; "" where it is the same, and for other stages.
    """
    figure = next(iter(speeds.values()))
    if "remover" not in figure:
        return ""
    network = figure.get("network", "")
    if figure["remover"] == remover:
        return network
    return f"{network or figure['remover']}: {remover} was not measured"


def estimate_storage(settings: dict, assumed: dict, count: dict) -> dict:
    """Return bytes and files that the run leaves in its directory, by folder."""
    clip = settings["train"]["clip"]
    pixels, with_edit = (
        get_value(assumed, "bytes.photo_pixels"),
        get_value(assumed, "shares.photos_with_edit"),
    )
    per_pixel = {name: get_value(assumed, f"bytes.{name}_per_pixel") for name in ("photo", "mask", "edit")}
    written = masks = edits = photo_files = 0.0
    total_wanted = sum(source["photos"] * with_edit[find_like(source)] for source in list_sources(settings))
    for source in settings["samples"]["sources"]:
        kind, size = find_like(source), pixels[find_like(source)]
        wanted = 0 if source.get("pool") else source["photos"] * with_edit[kind]
        mine = count["edits"] * wanted / total_wanted if total_wanted else 0
        masks += mine * size * per_pixel["mask"]
        shams = mine * count["shams"] / count["edits"] if count["edits"] else 0  # each with a mask of its own
        edits += (mine + shams) * size * per_pixel["edit"] + shams * size * per_pixel["mask"]
        # Of scenes that are edited the truth is drawn as well.
        drawn = 1 if source.get("pool") else 6
        copies = {"embedded": drawn * source["photos"], "webdataset": source["photos"]}.get(kind, 0)
        written += copies * size * (per_pixel["edit"] if is_rendered(source) else per_pixel["photo"])
        photo_files += copies
    there = measure_weights(CHECKOUT / clip) if clip else 0
    deployed = get_value(assumed, "bytes.deploy_copies") if count["trainings"] else 0
    checkpoint = there or get_value(assumed, "bytes.checkpoint_without_weights")
    size = {
        "photos": written,
        "masks": masks,
        "edits": edits,
        "models": count["trainings"] * checkpoint,
        "deploy": deployed * checkpoint,
        "tables": (count["photos"] + count["pool_photos"]) * get_value(assumed, "bytes.table_row"),
    }
    files = {
        "photos": photo_files,
        "masks": count["edits"],
        "edits": count["edits"] + 2 * count["shams"],
        "models": 3 * count["trainings"],
        "deploy": get_value(assumed, "bytes.deploy_files") if deployed else 0,
        # Seven tables, and requests and answers of two text stages; sham edits have two tables more.
        "tables": (13 if settings["edits"]["sham"] else 11) * count["shards"],
    }
    return {
        "bytes": {**{key: round(value) for key, value in size.items()}, "total": round(sum(size.values()))},
        "files": {**{key: round(value) for key, value in files.items()}, "total": round(sum(files.values()))},
    }


def get_kind(path: str | None) -> str:
    """Return which figures hold for weights at this path: those of the embedded models or of real ones."""
    return "embedded" if path and is_embedded(path) else "real"


def warn_about_prices(prices: dict, model: str, today: date) -> None:
    """Log that prices are old or that the model ends; never in the plan itself, which must not
    depend on the day.
    """
    logger, entry = logging.getLogger("unscene"), find_price(prices, model)
    if today - date.fromisoformat(prices["date"]) > timedelta(days=prices["max_age_days"]):
        logger.warning("plan.prices: the prices are of %s; check them before you spend money", prices["date"])
    if entry.get("shutdown") and entry["shutdown"] - today < timedelta(days=90):
        logger.warning(
            "api.model: %s ends on %s; its successor is %s", model, entry["shutdown"], entry.get("successor")
        )


def get_value(assumed: dict, dotted: str) -> object:
    """Return the `value` of an assumption, e.g. shares.attempts."""
    section, name = dotted.split(".")
    return assumed[section][name]["value"]


def list_assumptions(assumed: dict) -> dict:
    """Return {name: value, kind and source} of every figure that the plan rests on."""
    flat = {}

    def walk(node: dict, name: str) -> None:
        if "kind" in node:
            flat[name] = node
            return
        for key, value in node.items():
            if isinstance(value, dict):
                walk(value, f"{name}.{key}" if name else key)

    walk(assumed, "")
    return flat


def describe_plan(plan: dict) -> str:
    """Return the plan as a page of text."""
    count, api, storage = plan["items"], plan["api"], plan["storage"]
    asks = any(is_paid(api[stage]["backend"]) for stage in STAGES)
    lines = [
        (
            f"{tell_count(count['photos'], 'photo')} and {count['pool_photos']:,} of a pool in"
            f" {tell_count(count['shards'], 'shard')},"
            f" {tell_count(count['captions'] + count['pool_captions'], 'caption')} to read;"
            f" expected: {tell_count(count['edits'], 'edit')}, {tell_count(count['shams'], 'sham edit')},"
            f" {tell_count(count['pairs'], 'accepted pair')}, {tell_count(count['trainings'], 'training')}"
        ),
        "",
        (
            f"Text ({api['model']}, prices of {api['price']['date']}: ${api['price']['input']} in,"
            f" ${api['price']['output']} out per 1M)"
            if asks
            else "Text (no model is asked)"
        ),
    ]
    lines += [describe_stage(stage, api[stage]) for stage in STAGES]
    if is_paid(api["batchsize"]["backend"]):
        lines.append(describe_power(api["batchsize"]))
    over = "OVER" if plan["over_budget"] else "within"
    sums = [
        (
            f"  sum        {tell_count(api['requests'], 'request')} in {tell_count(api['files'], 'file')},"
            f" {tell_count(api['waves'], 'wave')};"
            f" {api['input_tokens']:,} tokens in, {api['output_tokens']:,} out; ${api['usd']:.2f} expected,"
            f" {over} api.budget_usd ${api['budget_usd']:.2f}"
        ),
        (
            f"             at worst ${api['usd_worst']:.2f}, if every answer were as long as allowed; batches"
            " are sent only while their worst case fits the budget, so at most"
            f" ${api['usd_committed_at_most']:.2f} is committed"
        ),
    ]
    lines += [*(sums if asks else []), "", "Device time, the loading of models left out"]
    for stage, one in plan["devices"]["stages"].items():
        lines.append(
            f"  {stage:<16} {tell_count(one['items'], 'item')}, {one['weights']} weights"
            f"{' (figures of ' + one['figures_of'] + ')' if one['figures_of'] else ''}:"
            f" {_tell_hours(one['hours'])}"
        )
    lines.append(f"  sum              {_tell_hours(plan['devices']['hours'])}")
    if count["trainings"]:
        text = plan["assumptions"]["shares.text_of_photo"]["value"]
        lines.append(
            f"  of train and evaluate an item is a photo with a caption; a text alone is {text} of it"
        )
    lines += list(_tell_processor(plan))
    if count["trainings"]:
        lines += [
            "",
            "Comparison of the arms",
            *describe_comparison(plan["comparison"]),
            *describe_rule(plan["rule"]),
        ]
    lines += ["", "Disk"]
    for key, size in storage["bytes"].items():
        lines.append(f"  {key:<10} {size / 1e9:8.2f} GB in {tell_count(storage['files'][key], 'file')}")
    lines += ["", "Licences of the weights"]
    for one in plan.get("weights", []):
        note = f" ({one['note']})" if one["note"] else ""
        lines.append(f"  {one['key']:<14} {one['path']}: {one['licence']}{note}")
    lines += [
        "",
        f"Figures are assumptions of {plan['assumptions']['date']}; the plan names the source of each.",
    ]
    return "\n".join(lines)


def _tell_hours(hours: dict[str, float]) -> str:
    return ", ".join(f"{device.replace('_', ' ')} {tell_time(value)}" for device, value in hours.items())


def _tell_processor(plan: dict) -> Iterator[str]:
    """Say of each stage what its time on two cores, without a GPU, was measured on; of real weights alone."""
    for stage, one in plan["devices"]["stages"].items():
        figure = plan["assumptions"].get(f"seconds.{stage}.{one['weights']}.{PROCESSOR}")
        if figure and one["weights"] != "embedded" and one["items"]:
            yield f"  two cores, {stage}: {figure['kind']}, {figure['source']}"


def measure_weights(path: Path) -> int:
    """Return the bytes of a checkpoint of the weights in an open_clip folder, 0 when there are none:
    training writes float32, whatever they are in.
    """
    from safetensors import safe_open

    numbers = 0
    for file in path.glob("*.safetensors") if path.is_dir() else ():
        with safe_open(file, "numpy") as weights:
            numbers += sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    return 4 * numbers


def _count_captions(source: dict, settings: dict, assumed: dict) -> float:
    limit = source.get("captions_per_photo", settings["samples"]["captions_per_photo"])
    of_format = get_value(assumed, "shares.captions_per_photo")[find_like(source)]
    seen = assumed.get("captions_of", {}).get(source["name"])
    return min(limit or math.inf, seen["value"] if seen else of_format)
