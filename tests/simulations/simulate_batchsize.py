"""Does the batch-size study find planted truths? Whole studies on answers with known faults:
`python tests/simulations/simulate_batchsize.py`.

    --seeds 20 --captions 10000 --scenarios decay shifts rare none noisy
    --seeds 200 --scenarios even prompts decline slips

Every study draws its captions, builds its prompts, is answered by the lexicon with planted errors,
has its faulty prompts asked again in parts, and is measured as in a run. Of the first scenarios,
which have a true number, the choices are printed with the error rate (share of seeds that chose
another one). The second ones stand at a limit: one size whose true loss (or decline, or rate of
shifts) is just what must not pass. Of these, how often each gate lets it pass is printed, which
should be at most 5 in 100. Nothing is asserted.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

import numpy as np
import pandas as pd
from scipy import stats

from batch_server.answerers import Answerer, ErrorModel
from unscene.answers.batch_lines import read_items
from unscene.answers.batches.outcomes import split_request
from unscene.answers.results import judge_answer
from unscene.batchsize.design import build_study, draw_captions, list_captions, list_trials
from unscene.batchsize.measuring import Answered, measure_study
from unscene.batchsize.observations import Sent

# Two answers in a hundred are wrong at any n: the discordance without which no study would need a bound.
NOISE = 0.02
MARGIN = 0.01


class Scenario(NamedTuple):
    """errors: what the server plants. what: in words. truth: the number that is right. spoil: the
    chances that the answers of a prompt of this size are made wrong besides, for prompts above 1.
    settings: what differs from SETTINGS.
    """

    errors: ErrorModel
    what: str
    truth: int
    spoil: Callable[[int, random.Random], list[float]] | None = None
    settings: dict = {}


def spoil_evenly(size: int, draw: random.Random) -> list[float]:
    """Every answer is wrong by a chance that costs the margin: of those that would have been right."""
    return [MARGIN / (1 - NOISE)] * size


def spoil_prompts(size: int, draw: random.Random) -> list[float]:
    """One prompt in 25 loses a quarter of its answers, the others none."""
    return [0.25 / (1 - NOISE) if draw.random() < 0.04 else 0.0] * size


def spoil_ends(size: int, draw: random.Random) -> list[float]:
    """The loss grows steadily from none at the first place to twice the margin at the last."""
    return [2 * MARGIN / (1 - NOISE) * place / (size - 1) for place in range(size)]


AT_LIMIT = {"captions": 2_000, "sizes": [20]}
SCENARIOS = {
    "decay": Scenario(
        ErrorModel(noise=NOISE, decay=0.004, decay_beyond=33), "recall decays beyond place 33", 33
    ),
    "shifts": Scenario(
        ErrorModel(noise=NOISE, shift=0.02, shift_from_size=60), "1 in 50 prompts of 100 is shifted", 50
    ),
    "rare": Scenario(
        ErrorModel(noise=NOISE, shift=0.01, shift_from_size=60), "1 in 100 prompts of 100 is shifted", 50
    ),
    "none": Scenario(ErrorModel(noise=NOISE), "no loss", 100),
    "noisy": Scenario(ErrorModel(noise=0.06), "no loss, six wrong answers in a hundred", 100),
    "even": Scenario(
        ErrorModel(noise=NOISE), "n = 20 loses the margin, spread evenly", 1, spoil_evenly, AT_LIMIT
    ),
    "prompts": Scenario(
        ErrorModel(noise=NOISE), "n = 20 loses the margin, in 1 prompt of 25", 1, spoil_prompts, AT_LIMIT
    ),
    "decline": Scenario(
        ErrorModel(noise=NOISE), "n = 20 declines by twice the margin", 1, spoil_ends, AT_LIMIT
    ),
    "slips": Scenario(
        ErrorModel(noise=NOISE, shift=MARGIN),
        "1 in 100 prompts of 5 is shifted",
        1,
        None,
        {"captions": 3_500, "sizes": [5]},
    ),
}
PLANTED = ("decay", "shifts", "rare", "none", "noisy")
SETTINGS = {
    "captions": 10_000,
    "sizes": [5, 10, 20, 33, 50, 100],
    "permutations": 4,
    "margin": MARGIN,
    "labels": None,
}


def make_samples(photos: int, seed: int) -> pd.DataFrame:
    """Return photos with one composed caption each, over all 80 words and none; all texts differ."""
    from unscene.words.coco80 import COCO80

    rng = np.random.default_rng(seed)
    places = (
        "on a beach",
        "in a kitchen",
        "near the road",
        "by a lake",
        "in a park",
        "at night",
        "in the snow",
        "on a hill",
    )
    colours = ("red", "small", "old", "shiny", "dark", "wet", "tall", "quiet", "bright", "plain")
    rows = []
    for number in range(photos):
        named = rng.choice(COCO80.words, size=rng.choice(4, p=(0.15, 0.4, 0.3, 0.15)), replace=False)
        what = " and ".join(f"a {rng.choice(colours)} {word}" for word in named) or "a view of the sky"
        rows.append({"image_id": f"p{number}", "captions": [f"{what} {rng.choice(places)}, number {number}"]})
    return pd.DataFrame(rows)


def run_study(
    errors: ErrorModel,
    seed: int,
    settings: dict = SETTINGS,
    draws: int = 10_000,
    repeat_as_gold: bool = False,
    spoil: Callable[[int, random.Random], list[float]] | None = None,
) -> dict:
    """Run one study on answers with planted errors and return its choice; gold is the lexicon, or
    the answers at n = 1.
    """
    from unscene.words.coco80 import COCO80

    captions = list_captions([make_samples(settings["captions"], seed)])
    captions = draw_captions(captions, settings["captions"], seed, COCO80)
    if not repeat_as_gold:
        captions["mentions"] = [COCO80.find_words(text) for text in captions["caption"]]
    requests, design = build_study(captions, list_trials(settings), "gpt-4o", seed, COCO80)
    answerer = Answerer(errors, seed)
    answers, followups = {}, []
    for request in requests:
        ask(request, answerer, seed, spoil, answers, followups)
    facts = {
        "seed": seed,
        "captions_of_run": 30_000,
        "captions": len(captions),
        "model": "gpt-4o",
        "words": COCO80.title,
        "prompt_sha256": "0" * 64,
        "sources": ["simulated"],
    }
    answered = Answered(design, captions, {}, Sent(answers, followups), facts)
    measured = measure_study(
        answered, settings, labels=None, prices=None, model="gpt-4o", vocabulary=COCO80, draws=draws
    )
    return {
        **measured.chosen,
        "trials": measured.accuracy.to_dict("records"),
        "planted": dict(answerer.planted),
    }


def ask(
    request: dict,
    answerer: Answerer,
    seed: int,
    spoil: Callable[[int, random.Random], list[float]] | None,
    answers: dict[str, dict],
    followups: list[dict],
) -> None:
    """Add the answer to a request; where its form is wrong, those to its halves, down to single items."""
    key, items = request["custom_id"], read_items(request)
    body = answerer.answer(request)
    if spoil and len(items) > 1:
        body = spoil_body(body, items, spoil, random.Random(f"{seed} {key}"))
    answers[key] = {"custom_id": key, "response": {"status_code": 200, "body": body}, "error": None}
    if judge_answer(answers[key], len(items)).status == "ok" or len(items) == 1:
        return
    for part in split_request(request, (len(items) - len(items) // 2, len(items) // 2)):
        followups.append(part)
        if part["custom_id"] not in answers:
            ask(part, answerer, seed, spoil, answers, followups)


def spoil_body(body: dict, items: list[str], spoil: Callable, draw: random.Random) -> dict:
    """Return an answer with a word too many wherever the chance strikes: such an item is wrong,
    whatever it was.
    """
    from unscene.words.coco80 import COCO80

    message = body["choices"][0]["message"]
    rows = json.loads(message["content"])["r"]
    for row, item, chance in zip(rows, items, spoil(len(items), draw), strict=True):
        if draw.random() < chance:
            named = {*row["w"], *COCO80.find_words(item)}
            row["w"].append(draw.choice([word for word in COCO80.words if word not in named]))
    message["content"] = json.dumps({"r": rows})
    return body


def _run_named(job: tuple[str, int, int | None]) -> tuple[str, int, dict]:
    name, seed, captions = job
    scenario = SCENARIOS[name]
    settings = {**SETTINGS, **scenario.settings} | ({"captions": captions} if captions else {})
    return name, seed, run_study(scenario.errors, seed, settings, spoil=scenario.spoil)


def describe_choices(scenario: Scenario, choices: list[dict]) -> str:
    """Return how often which number was chosen, and how often it was not the true one."""
    found = Counter(chosen["captions_per_prompt"] for chosen in choices)
    larger = sum(chosen["captions_per_prompt"] > scenario.truth for chosen in choices)
    smaller = sum(chosen["captions_per_prompt"] < scenario.truth for chosen in choices)
    needed = [chosen["captions_for_power_90"] for chosen in choices if chosen["captions_for_power_90"]]
    return (
        "chosen "
        + ", ".join(f"{size} x {count}" for size, count in sorted(found.items()))
        + f"; too large {larger}/{len(choices)}, too small {smaller}/{len(choices)}, error rate "
        f"{(larger + smaller) / len(choices):.2f}; captions for power .9 by the observed discordance: "
        f"{int(np.median(needed)) if needed else 0:,}"
    )


def describe_limit(choices: list[dict]) -> str:
    """Return how often a size that stands at a limit passes: in all, and by each gate alone, with
    the Clopper-Pearson interval.
    """
    rows = pd.DataFrame([chosen["trials"][-1] for chosen in choices])
    gates = {
        "all gates": rows["verdict"] == "passed",
        "loss": rows["low"] > -MARGIN,
        "decline": rows["decline_high"] <= 2 * MARGIN,
        "shifts": rows["shift_upper"] <= MARGIN,
    }
    told = []
    for name, passed in gates.items():
        interval = stats.binomtest(int(passed.sum()), len(passed)).proportion_ci(0.95)
        told.append(f"{name} {passed.mean():.3f} [{interval.low:.3f}, {interval.high:.3f}]")
    means = ", ".join(
        f"{name} {100 * rows[name].mean():+.2f}"
        for name in ("difference", "error", "decline", "decline_error")
    )
    return (
        f"passed by {'; '.join(told)}; means in points: {means}; discordance"
        f" {rows['discordance'].mean():.3f}, power {rows['power'].mean():.2f}, sensitivity"
        f" {rows['shift_sensitivity'].mean():.2f}"
    )


def main() -> None:
    """Run the scenarios and print choices, error rates and reasons."""
    parser = argparse.ArgumentParser(description="Does the batch-size study find planted truths?")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--captions", type=int, help="of every scenario, in place of its own number")
    parser.add_argument("--scenarios", nargs="*", default=list(PLANTED), choices=list(SCENARIOS))
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    jobs = [
        (name, seed, arguments.captions) for name in arguments.scenarios for seed in range(arguments.seeds)
    ]
    start, done = time.perf_counter(), {name: [] for name in arguments.scenarios}
    with ProcessPoolExecutor(arguments.processes) as pool:
        for name, seed, chosen in pool.map(_run_named, jobs):
            done[name].append(chosen)
            print(f"{name} seed {seed}: {chosen['captions_per_prompt']}; {chosen['reason']}", flush=True)
    for name, choices in done.items():
        scenario = SCENARIOS[name]
        told = describe_choices(scenario, choices) if name in PLANTED else describe_limit(choices)
        print(f"study {name} ({scenario.what}; truth {scenario.truth}): {told}")
    print(f"{len(jobs)} studies in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
