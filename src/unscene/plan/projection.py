"""The whole run at the rates that are known best: measured here, else as the plan assumes them.

`unscene plan` prints it below the plan. It is no part of results/plan.json, which follows from the config
alone.
"""

from unscene.machine.devices import list_devices
from unscene.plan.measured import Rate, Share, measure_folders, read_dollars, read_rates, read_yields
from unscene.plan.text_costs import is_paid
from unscene.run.configuration import list_sources
from unscene.run.counts import tell_count
from unscene.run.shard_names import list_shards

# What the course reckoned with: half a second from a photo to its pair.
COURSE_PHOTOS_A_DAY = 172_800
# Stages that the course's figure is about.
OF_PAIRS = ("segment_objects", "remove_objects", "make_sham_edits", "score_edits")
GPUS = (1, 4, 16, 64)
# Stages that take the figures of another one, whose work they do.
SAME_WORK = {
    "make_sham_edits": "remove_objects",
    "score_controls": "score_edits",
    "evaluate_set": "evaluate_clip",
}
# Those of them that also take the rate which the other one has shown here.
SAME_RATE = ("score_controls", "evaluate_set")
# Whose figures stand in for what was not measured on a device of a known name: the course's own cards.
COURSE_CARD = "a100"
# What the figures of a machine without a GPU are of, and how `name_used_device` calls such a one.
PROCESSOR, CPU = "two_cores", "CPU"
ASKED = {"keywords": ("captions", "captions"), "captions": ("edits", "captions")}


def project_run(settings: dict, plan: dict, assumed: dict, is_packed: bool = False) -> dict:
    """Return `items stages hours storage usd course`, each figure with where it comes from.

    Called in the run's directory. settings: the config's block `samples`, with all sources.
    is_packed: `storage.pack`, a file in place of a shard's masks or edits.
    """
    sources, size = list_sources(settings), settings["samples"]["shard_size"]
    packs = sum(len(list_shards(source, size)) for source in sources) if is_packed else None
    items = project_items(plan["items"], read_yields(sources, size), assumed)
    stages = project_stages(plan, items, read_rates(), assumed)
    hours = sum(row["hours"] for row in stages)
    of_pairs = sum(row["hours"] for row in stages if row["rule"] in OF_PAIRS)
    photos = items["photos"]["value"]
    return {
        "items": items,
        "stages": stages,
        "hours": hours,
        "usd": project_dollars(plan, items),
        "storage": project_storage(plan, items, measure_folders(sources, size), packs),
        "course": {
            "photos_a_day": COURSE_PHOTOS_A_DAY,
            "days": photos / COURSE_PHOTOS_A_DAY,
            "own_photos_a_day": photos / of_pairs * 24 if of_pairs else None,
        },
    }


def project_items(planned: dict, yields: dict[str, Share], assumed: dict) -> dict:
    """Return {name: value, source} of photos, edits, attempts, shams and pairs."""
    guess = assumed["shares"]
    items = {"photos": {"value": planned["photos"], "source": "config"}}

    def put(name: str, base: str, share: Share | None, what: str, assumption: str) -> None:
        if share is None:
            # The plan's own number, moved by what is known of what it is a part of.
            factor = planned[name] / planned[base] if planned[base] else 0.0
            source = _tell_assumed(guess[assumption])
        else:
            factor, source = share.value, f"measured here on {share.of:,} {what}"
        items[name] = {"value": round(items[base]["value"] * factor), "source": source}

    put("edits", "photos", yields.get("edits"), "photos", "photos_with_edit")
    put("attempts", "edits", yields.get("attempts"), "edits", "attempts")
    put("shams", "edits", None, "", "shams_with_room")
    put("pairs", "edits", yields.get("pairs"), "edits", "edits_accepted")
    return items


def project_stages(plan: dict, items: dict, rates: dict[str, Rate], assumed: dict) -> list[dict]:
    """Return a row a device stage: `rule items items_per_s device hours source`. items_per_s: None where
    the plan's items are too few to take a time that it tells.
    """
    base = {"remove_objects": "attempts", "make_sham_edits": "shams", "score_edits": "edits"}
    rows = []
    is_bare = has_no_card(plan, rates)
    for rule, stage in plan["devices"]["stages"].items():
        of = base.get(rule, "pairs" if rule == "evaluate_clip" else None)
        planned = plan["items"].get(of) if of else None
        growth = items[of]["value"] / planned if planned else 1
        number = round(stage["items"] + (growth - 1) * stage.get("items_of_pairs", stage["items"]))
        # Rates are of items, attempts or not: of a remover they count what came out.
        rate = rates.get(rule) or (rates.get(SAME_WORK[rule]) if rule in SAME_RATE else None)
        if rate is not None:
            if rule == "remove_objects":
                number = items["edits"]["value"]
            speed, device = rate.items_per_s, rate.devices
            source = f"measured here on {tell_count(rate.items, 'item')}"
        else:
            device = _choose_device(stage["hours"], rates, is_bare)
            hours = stage["hours"][device]
            speed = stage["items"] / hours / 3600 if hours else None
            figures = assumed["seconds"][SAME_WORK.get(rule, rule)]
            source = _tell_assumed(figures[stage["weights"]][device])
            if stage["figures_of"]:
                source += f" of {stage['figures_of']}"
        rows.append(
            {
                "rule": rule,
                "items": number,
                "items_per_s": speed,
                "device": device,
                "hours": number / speed / 3600 if speed else 0.0,
                "source": source,
            }
        )
    return rows


def has_no_card(plan: dict, rates: dict[str, Rate]) -> bool:
    """Tell whether a run will work on processors: it has measured nothing else, or has measured nothing,
    this machine has no GPU, and for each stage a processor's figure is known (of diffusion none is).
    """
    if rates:
        return {rate.devices for rate in rates.values()} == {CPU}
    stages = plan["devices"]["stages"].values()
    return not list_devices() and all(PROCESSOR in stage["hours"] for stage in stages)


def project_dollars(plan: dict, items: dict) -> dict:
    """Return `stages` (dollars and source of each text stage) and `total`."""
    stages = {}
    for stage, planned in plan["api"].items():
        if not isinstance(planned, dict) or "usd" not in planned:
            continue
        asked, counted = ASKED.get(stage, (None, None))
        paid = read_dollars(stage, counted) if counted else None
        source = f"prices of {plan['api']['price']['date']}, tokens counted on real prompts"
        if not is_paid(planned["backend"]):
            source = "nobody is paid"
        usd = planned["usd"]
        if asked == "edits" and plan["items"]["edits"]:
            usd *= items["edits"]["value"] / plan["items"]["edits"]
        if paid is not None and asked:
            number = (
                items["edits"]["value"]
                if asked == "edits"
                else plan["items"]["captions"] + plan["items"]["pool_captions"]
            )
            usd, source = paid.value * number, f"paid here for {paid.of:,} {asked}"
        stages[stage] = {"usd": usd, "source": source}
    return {"stages": stages, "total": sum(one["usd"] for one in stages.values())}


def project_storage(
    plan: dict, items: dict, measured: dict[str, dict[str, Share]], packs: int | None
) -> dict:
    """Return `folders` (bytes, files and source of each) and the totals `bytes` and `files`.

    packs: shards whose masks are one file each, and whose edits are; None where files lie loose.
    """
    folders = {}
    for name, size in plan["storage"]["bytes"].items():
        if name == "total":
            continue
        files, source = plan["storage"]["files"][name], "assumed"
        if packs is not None and name in ("masks", "edits"):
            files = packs * (2 if name == "edits" and items["shams"]["value"] else 1)
        own = measured.get(name)
        if own is not None:
            of = "photos" if name in ("photos", "tables") else "edits"
            size, files = (round(own[kind].value * items[of]["value"]) for kind in ("bytes", "files"))
            source = f"measured here on {own['bytes'].of:,} {of}"
        folders[name] = {"bytes": size, "files": files, "source": source}
    totals = {kind: sum(one[kind] for one in folders.values()) for kind in ("bytes", "files")}
    return {"folders": folders, **totals}


def describe_projection(found: dict) -> str:
    """Return the projection as a page of text."""
    lines = ["The whole run at the rates that are known best"]
    for name, one in found["items"].items():
        if one["value"]:
            lines.append(f"  {name:<16} {one['value']:>12,}  {one['source']}")
    lines += ["", "  device stage            items     items/s       time  from"]
    for row in found["stages"]:
        speed = f"{row['items_per_s']:.4g}" if row["items_per_s"] else "-"
        lines.append(
            f"  {row['rule']:<16} {row['items']:>12,} {speed:>11} {tell_time(row['hours']):>10}"
            f"  {row['source']}, {row['device'].replace('_', ' ')}"
        )
    if all(row["device"] in (PROCESSOR, CPU) for row in found["stages"]):
        lines.append(
            f"  sum {tell_time(found['hours'])} on processors, as no GPU is here; each job takes seconds more"
            " to start"
        )
    else:
        days = ", ".join(f"{found['hours'] / 24 / gpus:.2f} on {gpus}" for gpus in GPUS)
        lines.append(f"  sum {tell_time(found['hours'])} of one device; days: {days}")
    course = found["course"]
    own = course["own_photos_a_day"]
    compared = (
        f"; here {own:,.0f} photos a device-day, {own / course['photos_a_day']:.2g} times as many"
        if own
        else ""
    )
    lines.append(
        f"  the course's own estimate from photo to pair: {course['photos_a_day']:,} photos a GPU-day, so"
        f" {course['days']:.2f} GPU-days{compared}"
    )
    lines += ["", f"  dollars {found['usd']['total']:.2f}"]
    for stage, one in found["usd"]["stages"].items():
        lines.append(f"  {stage:<16} {one['usd']:>12.2f}  {one['source']}")
    storage = found["storage"]
    lines += ["", f"  disk {storage['bytes'] / 1e9:.2f} GB in {tell_count(storage['files'], 'file')}"]
    for name, one in storage["folders"].items():
        lines.append(f"  {name:<16} {one['bytes'] / 1e9:>9.2f} GB {one['files']:>12,} files  {one['source']}")
    lines += ["", "  results/plan.json names the source of each figure that was not measured here."]
    return "\n".join(lines)


def tell_time(hours: float) -> str:
    """Return hours as people tell them: in seconds, minutes or hours."""
    if hours < 1 / 60:
        return f"{hours * 3600:.0f} s"
    return f"{hours * 60:.1f} min" if hours < 1 else f"{hours:,.2f} h"


def _choose_device(hours: dict[str, float], rates: dict[str, Rate], is_bare: bool) -> str:
    """Return the device whose assumed figure stands beside what was measured: one of the same name, two
    cores where no GPU works (`is_bare`), else the course's card, else the only one that is known.
    """
    names = " ".join(rate.devices for rate in rates.values()).lower()
    for device in hours:
        if device in names:
            return device
    if is_bare and PROCESSOR in hours:
        return PROCESSOR
    return COURSE_CARD if COURSE_CARD in hours else next(iter(hours))


def _tell_assumed(figure: dict) -> str:
    return "bench" if figure["kind"] == "measured" else figure["kind"]
