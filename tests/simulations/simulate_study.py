"""How often the pass rule's primary part fires: with no true difference, and with a planted one.

`python tests/simulations/simulate_study.py [studies]` prints the rates; `make bench` does not run
it. Each study is a small cross-validated experiment of its own: photo groups of one to three items,
four learners (ridge classifiers, each with its own noisy view of the items) trained and tested on
five folds, of one split or of three. Learners with equally noisy views are equally good on average,
and still differ from study to study by chance and by what they were trained on: the situation of
Nadeau & Bengio 2003. The real functions judge: `comparison.compare_values`, Holm,
`pass_rule.judge_primary`. `simulate_rule.py` draws every part of the rule.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from unscene.evaluation.comparison import Design, compare_values, mark_primary
from unscene.evaluation.pass_rule import HOLDS, PRIMARY, PRIMARY_METRIC, judge_primary
from unscene.evaluation.statistics import corrected_t

FOLDS, GROUPS, FEATURES = 5, 400, 8
SETTINGS = {"bootstrap_draws": 1000, "confidence": 0.95}
MAIN = "main"


def simulate_items(noise: dict[str, float], seed: int, repeats: int = 1) -> pd.DataFrame:
    """Return the tested items of one study, a row an arm, training seed and item.

    noise: the standard deviation of each arm's own view of the items' features; equal noise is
    equal skill. repeats: training seeds, each with a split and views of its own.
    """
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(GROUPS), rng.integers(1, 4, GROUPS))
    truth = rng.choice([-1.0, 1.0], GROUPS)[group]
    signal = rng.normal(0, 1, (GROUPS, FEATURES))[group] + 0.5 * truth[:, None]
    frames = []
    for repeat in range(repeats):
        fold = rng.permutation(np.arange(GROUPS) % FOLDS)[group]
        for arm, spread in noise.items():
            view = (
                signal + rng.normal(0, spread, (GROUPS, FEATURES))[group] + rng.normal(0, 0.2, signal.shape)
            )
            right = np.zeros(len(group), bool)
            for k in range(FOLDS):
                train, test = fold != k, fold == k
                gram = view[train].T @ view[train] + np.eye(FEATURES)
                weights = np.linalg.solve(gram, view[train].T @ truth[train])
                right[test] = view[test] @ weights * truth[test] > 0
            item = {"arm": arm, "fold": fold, "seed": repeat, "item": np.arange(len(group)), "group": group}
            frames.append(pd.DataFrame({**item, PRIMARY_METRIC: right.astype(float)}))
    return pd.concat(frames, ignore_index=True)


def judge_study(noise: dict[str, float], seed: int, repeats: int = 1) -> tuple[bool, float]:
    """Return whether the primary part holds, and the p of the naive paired t over folds for main
    minus random.
    """
    item = simulate_items(noise, seed, repeats)
    design = Design(dict.fromkeys(noise, 1 / (FOLDS - 1)), ("fold", "seed") if repeats > 1 else ("fold",))
    contrasts = [(MAIN, other) for other in PRIMARY]
    comparison = mark_primary(compare_values(item, contrasts, SETTINGS, seed, design), MAIN)
    by_fold = item.pivot_table(index="fold", columns="arm", values=PRIMARY_METRIC)
    naive = corrected_t((by_fold[MAIN] - by_fold["random"]).to_numpy(), 0.0, SETTINGS["confidence"])
    return judge_primary(comparison, MAIN, PRIMARY).status == HOLDS, naive[2]


def measure_rates(main_noise: float, studies: int, seed: int = 0, repeats: int = 1) -> dict[str, float]:
    """Return the share of studies in which the pass rule's primary part holds, and in which the
    naive t finds a difference.
    """
    noise = {**dict.fromkeys(PRIMARY, 3.0), MAIN: main_noise}
    judged = [judge_study(noise, seed * 1_000_003 + study, repeats) for study in range(studies)]
    return {
        "passes": float(np.mean([holds for holds, _ in judged])),
        "naive_t": float(np.mean([p < 0.05 for _, p in judged])),
    }


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for label, main_noise in (("no true difference", 3.0), ("small", 2.5), ("middle", 2.0), ("large", 1.0)):
        noise = {**dict.fromkeys(PRIMARY, 3.0), MAIN: main_noise}
        shares = (
            pd.concat([simulate_items(noise, study) for study in range(200)])
            .groupby("arm")[PRIMARY_METRIC]
            .mean()
        )
        for repeats in (1, 3):
            rates = measure_rates(main_noise, count, repeats=repeats)
            print(
                f"{label}, {repeats} split(s): true difference {100 * (shares[MAIN] - shares['random']):+.1f}"
                f" points; the primary part holds in {100 * rates['passes']:.1f} % of {count} studies; naive"
                f" t over folds finds one contrast in {100 * rates['naive_t']:.1f} %",
                flush=True,
            )
