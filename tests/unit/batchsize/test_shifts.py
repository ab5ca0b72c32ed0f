"""Shifts of whole prompts: how many are found, and whether the bound holds for those that are not."""

import numpy as np
import pytest

from unscene.batchsize.noninferiority import get_upper_bound
from unscene.batchsize.shifts import count_shifts, find_shifts, rate_sensitivity, shift


def is_shifted(answer, reference):
    return bool(find_shifts(answer[None], reference[None])[0])


def slip(answer, start, twice):
    """One prompt's shift, by hand."""
    answer = list(answer)
    if twice:
        return np.array(answer[: start + 1] + answer[start:-1])
    return np.array(answer[:start] + answer[start + 1 :] + answer[-1:])


def test_shifts_are_seen_and_noise_is_not():
    rng = np.random.default_rng(1)
    reference = rng.integers(0, 12, 50)
    assert not is_shifted(reference, reference)
    assert is_shifted(slip(reference, 20, False), reference)
    assert is_shifted(slip(reference, 20, True), reference)
    references = rng.integers(0, 12, (2000, 100))
    noisy = np.where(rng.random((2000, 100)) < 0.05, rng.integers(0, 12, (2000, 100)), references)
    assert find_shifts(noisy, references).sum() <= 2


@pytest.mark.parametrize(("run", "shifted"), [(2, False), (3, True), (4, True)])
def test_a_shift_is_a_run_of_three(run, shifted):
    reference = np.arange(20)
    answer = reference.copy()
    answer[5 : 5 + run] = reference[6 : 6 + run]
    assert is_shifted(answer, reference) is shifted
    answer = reference.copy()
    answer[5 : 5 + run] = reference[4 : 4 + run]
    assert is_shifted(answer, reference) is shifted


def test_the_best_run_is_that_of_all_runs():
    """By loops over every run of small prompts."""
    rng = np.random.default_rng(5)
    answers, references = rng.integers(0, 3, (2, 300, 7))
    naive = []
    for answer, reference in zip(answers, references, strict=True):
        best = 0
        for step in (1, -1):
            gains = []
            for place in range(7):
                there = 0 <= place + step < 7 and answer[place] == reference[place + step]
                gains.append(int(there) - int(answer[place] == reference[place]))
            best = max([best] + [sum(gains[i:j]) for i in range(7) for j in range(i + 1, 8)])
        naive.append(best >= 3)
    assert find_shifts(answers, references).tolist() == naive and 20 < sum(naive) < 280


def test_a_shift_moves_what_stands_behind_it():
    rng = np.random.default_rng(6)
    answers, start, twice = rng.integers(0, 9, (60, 6)), rng.integers(5, size=60), rng.random(60) < 0.5
    moved = shift(answers, start, twice)
    for row in range(60):
        assert moved[row].tolist() == slip(answers[row], start[row], twice[row]).tolist()
    assert slip([7, 8, 9, 5], 1, False).tolist() == [7, 9, 5, 5]
    assert slip([7, 8, 9, 5], 1, True).tolist() == [7, 8, 8, 9]


def test_sensitivity_is_the_share_of_all_shifts():
    """Every start and both kinds in ten prompts, by loops."""
    references = np.random.default_rng(2).integers(0, 4, (10, 6))
    shifted = [
        is_shifted(slip(answer, start, twice), answer)
        for answer in references
        for start in range(5)
        for twice in (False, True)
    ]
    found = rate_sensitivity([np.stack([references, references])], seed=1)
    assert found == pytest.approx(np.mean(shifted), abs=0.03)
    same = [(np.zeros(9, int), np.zeros(9, int))]
    none = count_shifts(same, 1)
    assert none["shift_sensitivity"] == 0 and none["shift_upper"] == 1
    assert np.isnan(rate_sensitivity([], 1)) and count_shifts([], 1)["shift_upper"] == 1


def test_the_bound_is_one_of_the_true_rate():
    """One prompt of five in thirty slips. The bound lies above that in 19 studies of 20; that of the
    rate found, in far fewer.
    """
    rng = np.random.default_rng(3)
    above = undivided = 0
    for study in range(200):
        references = rng.integers(0, 12, (400, 5))
        slips = rng.random(400) < 1 / 30
        answers = [
            slip(row, int(rng.integers(4)), rng.random() < 0.5) if slipped else row
            for row, slipped in zip(references, slips, strict=True)
        ]
        found = count_shifts(zip(answers, references, strict=True), seed=study)
        above += found["shift_upper"] >= 1 / 30
        undivided += get_upper_bound(found["shifts"], 400) >= 1 / 30
        assert 0.35 < found["shift_sensitivity"] < 0.5
    assert above >= 181  # P(X < 181) = .004 at .95
    assert undivided < 120
