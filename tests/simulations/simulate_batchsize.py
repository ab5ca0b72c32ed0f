"""Does the batch-size study find planted truths? Studies on answers with known faults:
`python tests/simulations/simulate_batchsize.py`.

    --seeds 20 --captions 10000 --scenarios decay shifts rare none noisy
    --seeds 400 --scenarios even prompts decline slips

The first scenarios are whole studies: each draws its captions, builds its prompts, is answered by
the lexicon with planted errors, has its faulty prompts asked again in parts, and is measured as in a
run. Printed are the choices with their error rate (share of seeds that chose another number than the
true one). The second ones stand at a limit: one size whose true loss (or decline, or rate of shifts)
is just what must not pass. Their answers are drawn as tables, without prompts, so that hundreds are
cheap. Printed is how often each gate lets the size pass, which should be at most 5 in 100. Nothing
is asserted.
"""

import argparse
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
from unscene.answers.verdicts import judge_answer
from unscene.batchsize.choice import judge_sizes
from unscene.batchsize.design import build_study, draw_captions, list_captions, list_trials
from unscene.batchsize.gold import Gold
from unscene.batchsize.measures import measure_trial
from unscene.batchsize.measuring import Answered, measure_study
from unscene.batchsize.observations import Observed, Sent, pick_answers
from unscene.batchsize.sample_sizes import MARGINS_OF_DECLINE

# Two answers in a hundred are wrong at any n: the discordance without which no study would need a bound.
NOISE = 0.02
MARGIN = 0.01


class Scenario(NamedTuple):
    """What the server plants, in words, and the number that is right."""

    errors: ErrorModel
    what: str
    truth: int


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
}
SETTINGS = {
    "captions": 10_000,
    "sizes": [5, 10, 20, 33, 50, 100],
    "permutations": 4,
    "margin": MARGIN,
    "labels": None,
}


class Limit(NamedTuple):
    """A size at a limit. spoil: from a number of prompts, their size and a generator to the chances
    (prompts, size) that answers which would be right are wrong. shifted: share of prompts.
    """

    what: str
    size: int
    captions: int
    spoil: Callable[[int, int, np.random.Generator], np.ndarray]
    shifted: float = 0.0


def spoil_evenly(prompts: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Every answer may be wrong; together they cost the margin."""
    return np.full((prompts, size), MARGIN / (1 - NOISE))


def spoil_prompts(prompts: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """One prompt in 25 loses a quarter of its answers, the others none: the margin in the mean."""
    return np.repeat(rng.random((prompts, 1)) < 0.04, size, axis=1) * 25 * MARGIN / (1 - NOISE)


def spoil_ends(prompts: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """The loss grows steadily from none at the first place to twice the margin at the last."""
    return np.tile(np.linspace(0, 2 * MARGIN / (1 - NOISE), size), (prompts, 1))


def spoil_nothing(prompts: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """No answer is lost besides."""
    return np.zeros((prompts, size))


LIMITS = {
    "even": Limit("n = 20 loses the margin, spread evenly", 20, 2_000, spoil_evenly),
    "prompts": Limit("n = 20 loses the margin, in one prompt of 25", 20, 2_000, spoil_prompts),
    "decline": Limit("n = 20 declines by twice the margin", 20, 2_000, spoil_ends),
    "slips": Limit("one prompt of 5 in 100 is shifted", 5, 3_500, spoil_nothing, shifted=MARGIN),
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
        ask(request, answerer, answers, followups)
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


def ask(request: dict, answerer: Answerer, answers: dict[str, dict], followups: list[dict]) -> None:
    """Add the answer to a request; where its form is wrong, those to its halves, down to single items."""
    key, items = request["custom_id"], read_items(request)
    body = answerer.answer(request)
    answers[key] = {"custom_id": key, "response": {"status_code": 200, "body": body}, "error": None}
    if judge_answer(answers[key], len(items)).status == "ok" or len(items) == 1:
        return
    for part in split_request(request, (len(items) - len(items) // 2, len(items) // 2)):
        followups.append(part)
        if part["custom_id"] not in answers:
            ask(part, answerer, answers, followups)


def run_limit(limit: Limit, seed: int, draws: int = 2_000) -> dict:
    """Measure one size whose answers are drawn at its limit, against known mentions; its row with
    the verdict.
    """
    rng = np.random.default_rng(seed)
    true = rng.random((limit.captions, 80)) < 0.02
    # Captions differ in how hard they are; two answers in a hundred are wrong in the mean.
    hard = rng.beta(0.4, 0.4 * (1 - NOISE) / NOISE, limit.captions)
    trials = list_trials({"sizes": [limit.size], "permutations": SETTINGS["permutations"]})
    tables, answers = [], []
    for trial in trials:
        for permutation in range(trial.permutations):
            caption = rng.permutation(limit.captions).reshape(-1, trial.size)
            chance = hard[caption]
            if trial.size > 1:
                chance = 1 - (1 - chance) * (1 - limit.spoil(*caption.shape, rng))
            words = true[caption]
            wrong = rng.random(caption.shape) < chance
            words[(*np.nonzero(wrong), rng.integers(80, size=wrong.sum()))] ^= True
            for prompt in np.flatnonzero(rng.random(len(caption)) < limit.shifted * (trial.size > 1)):
                words[prompt] = slip(words[prompt], int(rng.integers(trial.size - 1)), rng.random() < 0.5)
            names = np.arange(len(caption)) + permutation * limit.captions
            table = {
                "trial": trial.name,
                "captions_per_prompt": trial.size,
                "permutation": permutation,
                "custom_id": [f"{trial.name} {name}" for name in names.repeat(trial.size)],
                "position": np.tile(np.arange(trial.size), len(caption)),
                "size": trial.size,
                "caption": caption.ravel(),
                "status": "ok",
                "listed": True,
            }
            tables.append(pd.DataFrame(table))
            answers.append(words.reshape(-1, 80))
    observed = Observed(pd.concat(tables, ignore_index=True), np.concatenate(answers))
    every = np.ones(limit.captions, bool)
    gold = Gold("mentions", true, every.astype(float), every, {})
    reference, _ = pick_answers(observed, "1", limit.captions)
    rows = [measure_trial(trial, observed, gold, reference, MARGIN, seed, draws) for trial in trials]
    return judge_sizes(pd.DataFrame(rows).assign(models="drawn"), MARGIN).iloc[-1].to_dict()


def slip(answers: np.ndarray, start: int, twice: bool) -> np.ndarray:
    """Return the answers of a prompt with one said twice, or skipped."""
    if twice:
        return np.concatenate([answers[: start + 1], answers[start:-1]])
    return np.concatenate([answers[:start], answers[start + 1 :], answers[-1:]])


def _run_named(job: tuple[str, int, int]) -> tuple[str, int, dict]:
    name, seed, captions = job
    if name in LIMITS:
        return name, seed, run_limit(LIMITS[name], seed)
    return name, seed, run_study(SCENARIOS[name].errors, seed, {**SETTINGS, "captions": captions})


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


def describe_limit(found: list[dict]) -> str:
    """Return how often a size that stands at a limit passes: in all, and by each gate alone, with
    the Clopper-Pearson interval.
    """
    rows = pd.DataFrame(found)
    gates = {
        "all gates": rows["verdict"] == "passed",
        "loss": rows["low"] > -MARGIN,
        "decline": rows["decline_high"] <= MARGINS_OF_DECLINE * MARGIN,
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
    parser.add_argument("--captions", type=int, default=SETTINGS["captions"])
    parser.add_argument("--scenarios", nargs="*", default=list(SCENARIOS), choices=[*SCENARIOS, *LIMITS])
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    jobs = [
        (name, seed, arguments.captions) for seed in range(arguments.seeds) for name in arguments.scenarios
    ]
    start, done = time.perf_counter(), {name: [] for name in arguments.scenarios}
    with ProcessPoolExecutor(arguments.processes) as pool:
        for name, seed, found in pool.map(_run_named, jobs):
            done[name].append(found)
            told = found.get("verdict", found["captions_per_prompt"])
            print(f"{name} seed {seed}: {told}; {found['reason']}", flush=True)
    for name, found in done.items():
        if name in LIMITS:
            print(f"study {name} ({LIMITS[name].what}): {describe_limit(found)}")
        else:
            scenario = SCENARIOS[name]
            told = describe_choices(scenario, found)
            print(f"study {name} ({scenario.what}; truth {scenario.truth}): {told}")
    print(f"{len(jobs)} studies in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
