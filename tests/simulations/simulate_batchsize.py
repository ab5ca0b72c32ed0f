"""Does the batch-size study find planted truths? Whole studies on answers with known faults:
`python tests/simulate_batchsize.py`.

    --seeds 20 --captions 10000 --scenarios decay shifts rare none noisy

Every study draws its captions, builds its prompts, is answered by the lexicon with planted errors,
and is measured as in a run. Printed are the choices with their counts, the error rate (share of
seeds that chose another number than the planted one), and the discordance that says how many
captions the protocol would have needed. Nothing is asserted.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

import numpy as np
import pandas as pd

from batch_server.answerers import Answerer, ErrorModel
from unscene.batchsize.design import build_study, draw_captions, list_captions, list_trials
from unscene.batchsize.measuring import Answered, measure_study

# Two answers in a hundred are wrong at any n: the discordance without which no study would need a bound.
NOISE = 0.02
SCENARIOS = {
    "decay": (ErrorModel(noise=NOISE, decay=0.004, decay_beyond=33), "recall decays beyond place 33", 33),
    "shifts": (
        ErrorModel(noise=NOISE, shift=0.02, shift_from_size=60),
        "1 in 50 prompts of 100 is shifted",
        50,
    ),
    "rare": (
        ErrorModel(noise=NOISE, shift=0.01, shift_from_size=60),
        "1 in 100 prompts of 100 is shifted",
        50,
    ),
    "none": (ErrorModel(noise=NOISE), "no decay", 100),
    "noisy": (ErrorModel(noise=0.06), "no decay, six wrong answers in a hundred", 100),
}
SETTINGS = {
    "captions": 10_000,
    "sizes": [5, 10, 20, 33, 50, 100],
    "permutations": 3,
    "margin": 0.01,
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
    answers = {
        request["custom_id"]: {
            "custom_id": request["custom_id"],
            "response": {"status_code": 200, "body": answerer.answer(request)},
            "error": None,
        }
        for request in requests
    }
    facts = {"seed": seed, "captions_of_run": 30_000, "captions": len(captions)}
    answered = Answered(design, captions, {}, answers, facts)
    measured = measure_study(
        answered, settings, labels=None, prices=None, model="gpt-4o", vocabulary=COCO80, draws=draws
    )
    return {
        **measured.chosen,
        "trials": measured.accuracy.to_dict("records"),
        "planted": dict(answerer.planted),
    }


def _run_named(job: tuple[str, int, int]) -> tuple[str, int, dict]:
    name, seed, captions = job
    return name, seed, run_study(SCENARIOS[name][0], seed, {**SETTINGS, "captions": captions})


def main() -> None:
    """Run the scenarios and print choices, error rates and reasons."""
    parser = argparse.ArgumentParser(description="Does the batch-size study find planted truths?")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--captions", type=int, default=SETTINGS["captions"])
    parser.add_argument("--scenarios", nargs="*", default=list(SCENARIOS), choices=list(SCENARIOS))
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
        _, what, truth = SCENARIOS[name]
        found = Counter(chosen["captions_per_prompt"] for chosen in choices)
        larger = sum(chosen["captions_per_prompt"] > truth for chosen in choices)
        smaller = sum(chosen["captions_per_prompt"] < truth for chosen in choices)
        needed = [chosen["captions_for_power_90"] for chosen in choices if chosen["captions_for_power_90"]]
        print(
            f"study {name} ({what}; truth {truth}): chosen "
            + ", ".join(f"{size} x {count}" for size, count in sorted(found.items()))
            + f"; too large {larger}/{len(choices)}, too small {smaller}/{len(choices)}, error rate "
            f"{(larger + smaller) / len(choices):.2f}; captions for power .9 by the observed discordance: "
            f"{int(np.median(needed)) if needed else 0:,} of {arguments.captions:,}"
        )
    print(f"{len(jobs)} studies in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
