"""What the text stages of a run cost by the Batch API: keywords, edit captions and the batch-size
study, before anything is spent.
"""

import math
from collections.abc import Callable
from pathlib import Path

import yaml

from unscene.answers.backends import BACKENDS
from unscene.answers.batch_lines import canonical_json
from unscene.answers.canaries import count_canaries
from unscene.answers.prices import estimate_cost, find_price
from unscene.answers.prompts import (
    ANSWER_TOKENS,
    CAPTION_TOKENS,
    KEYWORD_TOKENS,
    caption_item,
    caption_request,
    keyword_request,
)
from unscene.batchsize.design import list_trials
from unscene.captions.canaries import EDITS_PER_CANARY
from unscene.keywords.canaries import CAPTIONS_PER_CANARY
from unscene.plan.study_power import estimate_size
from unscene.run.configuration import wants_study
from unscene.run.counts import tell_count
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

PER_PROMPT_BEFORE_STUDY = 20  # for captions_per_prompt: auto, until the study has chosen
STAGES = ("keywords", "captions", "batchsize")
NOT_RUN = "not run"  # the backend of a batch-size study that is not wanted
_SUMMED = ("usd", "usd_worst", "usd_with_api", "usd_worst_with_api")
_PROMPT_SUMS = ("requests", "input_tokens", "output_tokens", "usd", "usd_worst", "bytes")
# The tables of docs/COSTS.md: models, captions per prompt, and captions of a run.
TABLE_MODELS = (
    "gpt-6-luna",
    "gpt-5.6-luna",
    "gpt-4o-mini",
    "gpt-4.1-mini",
    "gpt-5.4-mini",
    "gpt-6.1-terra",
    "gpt-4o",
)
TABLE_PROMPTS = (1, 5, 20, 50, 100)
TABLE_CAPTIONS = (30_000, 3_000_000)
MARKS = ("<!-- costs: unscene costs -->", "<!-- end of costs -->")


def estimate_api(settings: dict, prices: dict, assumed: dict, count: dict) -> dict:
    """Return requests, tokens, files, waves and dollars of the three text stages, and their sums.

    settings: the config. assumed: src/unscene/resources/throughput.yaml. count: `captions`,
    `pool_captions` and `edits` of the run. A stage with an offline backend, or that is not wanted,
    costs nothing; its `usd_with_api` tells what the API would take. The prompts are the real ones,
    filled with captions of the assumed length.
    """
    model = settings["api"]["model"]
    chosen = settings["keywords"]["captions_per_prompt"]
    per_prompt = PER_PROMPT_BEFORE_STUDY if chosen == "auto" else chosen
    ask_words, ask_captions = make_askers(model, assumed, find_vocabulary(settings))
    edits_per_prompt = assumed["api"]["edits_per_prompt"]["value"]

    def estimate(make_request, items, size, tokens):
        return estimate_prompts(make_request, items, size, tokens, prices, assumed, settings["api"])

    def estimate_stage(make_request, items, size, tokens, every):
        # Canaries are asked and paid like all else.
        canaries = count_canaries(items, every)
        cost = estimate(make_request, items + canaries, size, tokens)
        return {**cost, "items": items, "canaries": canaries}

    edits = count["edits"]
    stages = {
        "keywords": estimate_stage(
            ask_words,
            count["captions"] + count["pool_captions"],
            per_prompt,
            KEYWORD_TOKENS,
            CAPTIONS_PER_CANARY,
        ),
        "captions": estimate_stage(ask_captions, edits, edits_per_prompt, CAPTION_TOKENS, EDITS_PER_CANARY),
        "batchsize": estimate_study(settings, count["captions"], estimate, ask_words, assumed),
    }
    backends = {stage: settings[stage]["backend"] for stage in ("keywords", "captions")}
    backends["batchsize"] = settings["keywords"]["backend"] if wants_study(settings) else NOT_RUN
    result = {
        "model": model,
        "price": (
            {part: find_price(prices, model)[part] for part in ("input", "output")} | {"date": prices["date"]}
        ),
        "budget_usd": settings["api"]["budget_usd"],
    }
    for stage, one in stages.items():
        one["backend"] = backends[stage]
        one["usd_with_api"], one["usd_worst_with_api"] = one["usd"], one["usd_worst"]
        if not is_paid(one["backend"]):
            one |= {"usd": 0.0, "usd_worst": 0.0}
        result[stage] = one
    for key in _SUMMED:  # what a study that is not wanted would cost is no part of the run
        parts = [one for one in stages.values() if one["backend"] != NOT_RUN]
        result[key] = round(sum(one[key] for one in parts), 4)
    paid = [one for one in stages.values() if is_paid(one["backend"])]
    for key in ("requests", "files", "waves", "input_tokens", "output_tokens", "bytes"):
        result[key] = sum(one[key] for one in paid)
    # The submitter sends a batch only when its worst case fits the budget beside all that is under way.
    result["usd_committed_at_most"] = min(result["usd_worst"], settings["api"]["budget_usd"])
    return result


def is_paid(backend: str) -> bool:
    """Return whether a stage of the plan costs money."""
    return backend != NOT_RUN and BACKENDS[backend].is_paid


def make_askers(
    model: str, assumed: dict, vocabulary: Vocabulary
) -> tuple[Callable[[int], dict], Callable[[int], dict]]:
    """Return two functions of a prompt's size: a keyword request and a caption request over
    captions of the assumed length.
    """
    words = "a dog runs after a ball on a sunny beach near the sea " * 9
    caption = words[: assumed["api"]["caption_characters"]["value"]]
    item = caption_item(caption, "dog")
    return (
        lambda size: keyword_request(model, [caption] * size, vocabulary),
        lambda size: caption_request(model, [item] * size),
    )


def estimate_prompts(
    make_request: Callable[[int], dict],
    items: int,
    per_prompt: int,
    answer_tokens: float,
    prices: dict,
    assumed: dict,
    limits: dict,
) -> dict:
    """Return the cost of `items` asked `per_prompt` (n) at a time, a share f of the prompts asked twice.

    C(n) = N [prompt/n p_in + a p_in + (b + e/n) p_out] (1 + f): prompt, a and e come from a real
    request, b is `answer_tokens`. At worst every prompt is a third longer and every answer as long
    as allowed. limits: the config block `api`.
    """
    twice = 1 + assumed["shares"]["prompts_repeated"]["value"]
    total = dict.fromkeys(_PROMPT_SUMS, 0.0)
    whole, rest = divmod(items, per_prompt)
    for requests, size in ((whole, per_prompt), (min(rest, 1), rest)):
        if requests:
            request = make_request(size)
            cost = estimate_cost([request], prices, request["body"]["model"], answer_tokens, ANSWER_TOKENS)
            for key in ("input_tokens", "output_tokens", "usd", "usd_worst"):
                total[key] += requests * cost[key] * twice
            total["requests"] += requests
            total["bytes"] += requests * (len(canonical_json(request).encode()) + 1)
    return {**_round(total), "items": items, "items_per_prompt": per_prompt, **_cut_files(total, limits)}


def estimate_study(
    settings: dict, captions: int, estimate: Callable, ask_words: Callable, assumed: dict
) -> dict:
    """Return the cost of the batch-size study over at most `captions` captions, its prompts by
    trial, and the power it buys.
    """
    study = settings["batchsize"]
    asked = min(study["captions"], captions)
    total, prompts = dict.fromkeys(_PROMPT_SUMS, 0.0), {}
    for trial in list_trials(study):
        cost = estimate(ask_words, asked, trial.size, KEYWORD_TOKENS)
        for key in _PROMPT_SUMS:
            total[key] += trial.permutations * cost[key]
        prompts[trial.name] = trial.permutations * math.ceil(asked / trial.size)
    discordance = assumed["shares"]["discordance"]["value"]
    return {
        **_round(total),
        **_cut_files(total, settings["api"]),
        "items": asked,
        "prompts": prompts,
        "margin": study["margin"],
        "discordance": discordance,
        "sizes": {
            trial.name: estimate_size(trial, asked, study["margin"], discordance)
            for trial in list_trials(study)
            if trial.size > 1 and asked
        },
    }


def tabulate_costs(prices: dict, assumed: dict, settings: dict) -> str:
    """Return the keyword costs by model, captions of a run and captions per prompt as a Markdown table."""
    columns = [
        (captions, size)
        for captions in TABLE_CAPTIONS
        for size in TABLE_PROMPTS
        if captions < 1e6 or size > 1
    ]
    heads = [f"{_name_number(captions)}, n = {size}" for captions, size in columns]
    lines = ["| model | " + " | ".join(heads) + " |", "|---" * (len(columns) + 1) + "|"]
    for model in TABLE_MODELS:
        ask_words, _ = make_askers(model, assumed, find_vocabulary(settings))
        dollars = [
            estimate_prompts(ask_words, captions, size, KEYWORD_TOKENS, prices, assumed, settings["api"])[
                "usd"
            ]
            for captions, size in columns
        ]
        lines.append(f"| `{model}` | " + " | ".join(map(_name_dollars, dollars)) + " |")
    return "\n".join(lines)


def tabulate_run(plans: dict[str, dict]) -> str:
    """Return the text costs of whole runs as a Markdown table: a row a stage, a column a model (its
    `estimate_api`).
    """
    lines = ["| | " + " | ".join(f"`{model}`" for model in plans) + " |", "|---" * (len(plans) + 1) + "|"]
    first = next(iter(plans.values()))
    labels = {
        "keywords": (
            f"{first['keywords']['items']:,} captions, {first['keywords']['items_per_prompt']} a prompt"
        ),
        "captions": f"{first['captions']['items']:,} edits, {first['captions']['items_per_prompt']} a prompt",
        "batchsize": f"study of {first['batchsize']['items']:,} captions",
    }
    for stage, label in labels.items():
        lines.append(
            f"| {label} | " + " | ".join(_name_dollars(plan[stage]["usd"]) for plan in plans.values()) + " |"
        )
    for label, key in (("sum", "usd"), ("at worst, every answer as long as allowed", "usd_worst")):
        lines.append(f"| {label} | " + " | ".join(_name_dollars(plan[key]) for plan in plans.values()) + " |")
    return "\n".join(lines)


def write_tables(page: str, tables: str) -> str:
    """Return the page's text with what stands between the marks replaced; ValueError when a mark
    is missing.
    """
    start, end = (page.find(mark) for mark in MARKS)
    if not 0 <= start < end:
        raise ValueError(f"the page lacks the marks {MARKS[0]} and {MARKS[1]}")
    return page[: start + len(MARKS[0])] + "\n" + tables + "\n" + page[end:]


def describe_stage(stage: str, one: dict) -> str:
    """Return the plan's line of a stage."""
    if one["backend"] == NOT_RUN:
        return f"  {stage:<10} not run (it would take ${one['usd_with_api']:.2f} by the API)"
    if not is_paid(one["backend"]):
        return f"  {stage:<10} {one['backend']}, $0 (the API would take ${one['usd_with_api']:.2f})"
    return (
        f"  {stage:<10} {tell_count(one['requests'], 'request')} in {tell_count(one['files'], 'file')},"
        f" {tell_count(one['waves'], 'wave')};"
        f" {one['input_tokens']:,} tokens in, {one['output_tokens']:,} out; ${one['usd']:.2f}, at worst"
        f" ${one['usd_worst']:.2f}"
    )


def _round(total: dict) -> dict:
    return {
        **{key: round(total[key]) for key in ("requests", "input_tokens", "output_tokens", "bytes")},
        **{key: round(total[key], 4) for key in ("usd", "usd_worst")},
    }


def _cut_files(total: dict, limits: dict) -> dict:
    """Return how many files requests fill, and in how many waves they pass the limit of enqueued tokens."""
    files = max(total["requests"] / limits["requests_per_file"], total["bytes"] / limits["bytes_per_file"])
    return {"files": math.ceil(files), "waves": math.ceil(total["input_tokens"] / limits["enqueued_tokens"])}


def _name_dollars(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars < 100 else f"${dollars:,.0f}"


def _name_number(number: int) -> str:
    return f"{number // 1_000_000} M" if number >= 1_000_000 else f"{number // 1000} k"


def make_tables(checkout: Path) -> str:
    """Return all cost tables, computed from the price table, the assumptions and the
    course's config.
    """
    from snakemake.utils import update_config

    from unscene.answers.prices import read_prices
    from unscene.plan.estimate import count_items
    from unscene.plan.study_budget import tabulate_studies
    from unscene.samples.counting import complete_sources

    def read(name):
        return yaml.safe_load((checkout / name).read_text(encoding="utf-8"))

    assumed, course = read("src/unscene/resources/throughput.yaml"), read("config/config.yaml")
    update_config(course, read("config/coco30k.yaml"))
    complete_sources(course, checkout, is_plan=True)
    prices = read_prices(checkout / "src/unscene/resources/prices.yaml")
    count = count_items(course, assumed)
    plans = {}
    for model in ("gpt-6-luna", course["api"]["model"]):
        course["api"]["model"] = model
        plans = {model: estimate_api(course, prices, assumed, count), **plans}
    others = plans[model]["keywords"]["usd"] + plans[model]["captions"]["usd"]
    return (
        f"\nWords of captions, n captions a prompt, prices of {prices['date']}:\n\n"
        + tabulate_costs(prices, assumed, course)
        + "\n\nAll text of the course run (`config/coco30k.yaml`):\n\n"
        + tabulate_run(plans)
        + f"\n\nWhat the study of the course run can decide with {model}, and what more money would buy. The"
        "\ntable tells two things:\n\n"
        "* *Power*: the chance that all sizes pass which lose nothing, at a margin of"
        f" {100 * course['batchsize']['margin']:g} point.\n"
        "* *Loss told*: the loss that the study tells from none, with a power of 90 %.\n\n"
        "Two equally good prompts can still differ: on some captions only one of them is right. Each"
        "\nfigure is given for 4 % and for 10 % of such captions.\n\n"
        + tabulate_studies(course, prices, assumed, count["captions"], others)
        + "\n"
    )
