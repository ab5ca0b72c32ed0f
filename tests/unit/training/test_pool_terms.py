"""The terms on a batch of the pool, each against plain loops over sentences and photos."""

import math

import numpy as np
import pytest
import torch

from unscene.training.objectives import TERMS, View, compute_terms
from unscene.training.pool_terms import FOUND, PoolView
from unscene.training.pool_texts import Claims, Scenes, StepTexts, Taught

PHOTOS, TEXTS, DIM, TEMPERATURE = 5, 11, 6, 4.0
# The drawn captions of photos 0 and 3 are the same text, that of photo 4 is not told; photo 4 has the
# caption of photo 1.
CAPTIONS, ALIKE = [0, 1, 2, 0], [7, 8, 9, 7, 8]
# Of the sentences: photos that they are true of, and false of; of the others it is not known.
ABOUT = {
    "bare": [(3, {0, 1}, {2, 3}), (4, {2}, {0, 1, 4}), (5, set(), {1}), (6, {1}, set())],
    "scene": [(7, {1, 3}, {0}), (8, {0}, {1, 3}), (9, {2, 4}, {1})],
    "query": [(10, {4}, {0, 2}), (10, {4}, {1, 2, 3})],
}
TRUE, FALSE, OWN, SHOWN = [7, 9, 10], [8, 6, 5], [3, 1, 2], [True, False, False]
TAUGHT = Taught(*(np.array(x) for x in ([5, 6, 7], [-1, 2, 0], [0, 0, 1], [-1, 1, -1])))


def unit(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(
        torch.randn(*shape, generator=generator, dtype=torch.float64), dim=-1
    )


def make_claims(rows):
    cells = [[[photo in told[side] for photo in range(PHOTOS)] for told in rows] for side in (1, 2)]
    return Claims(np.array([row[0] for row in rows]), *(np.array(side, bool) for side in cells))


def make_view(about=ABOUT, scenes=(TRUE, FALSE, OWN, SHOWN), taught=TAUGHT):
    told = StepTexts(np.array(CAPTIONS), np.array(ALIKE))
    told.claims = {kind: make_claims(rows) for kind, rows in about.items()}
    told.scenes = Scenes(*(np.array(numbers, np.int64) for numbers in scenes[:3]), np.array(scenes[3], bool))
    told.taught = taught
    shift = 0.3 * unit(len(taught.text), DIM, seed=4)
    return PoolView(
        unit(PHOTOS, DIM, seed=1),
        unit(TEXTS, DIM, seed=2),
        unit(len(CAPTIONS), DIM, seed=3),
        told,
        shift,
        unit(DIM, seed=5),
        torch.tensor(TEMPERATURE, dtype=torch.float64),
    )


def compute(name, view):
    return compute_terms({name: 1.0}, View({}, {}, view.temperature, None, view))[0]


def softplus(x):
    return math.log1p(math.exp(x))


def z(view, text, photo):
    return TEMPERATURE * float(view.text[text] @ view.photo[photo])


def contrast(view, kind):
    means = []
    for text, right, wrong in ABOUT[kind]:
        costs = [softplus(z(view, text, w) - z(view, text, r)) for r in right for w in wrong]
        if costs:
            means.append(sum(costs) / len(costs))
    return sum(means) / len(means)


def expect_across_scene(view):
    total = contrast(view, "scene")
    for true, false, own, shown in zip(TRUE, FALSE, OWN, SHOWN, strict=True):
        total += softplus(z(view, false, own) - z(view, true, own)) / SHOWN.count(shown) / 2
        rivals = [photo for photo in range(PHOTOS) if photo == own or ALIKE[photo] != ALIKE[own]]
        share = math.exp(z(view, true, own)) / sum(math.exp(z(view, true, photo)) for photo in rivals)
        total -= FOUND * math.log(share) / len(TRUE)
    return total


def expect_pool_keep(view):
    return sum(1 - float(view.text[CAPTIONS[i]] @ view.base[i]) for i in range(len(CAPTIONS))) / len(CAPTIONS)


def expect_pool_infonce(view):
    told = range(len(CAPTIONS))
    total = 0.0
    for i in told:
        rivals = [j for j in told if j == i or CAPTIONS[j] != CAPTIONS[i]]
        own = math.exp(z(view, CAPTIONS[i], i))
        total -= math.log(own / sum(math.exp(z(view, CAPTIONS[j], i)) for j in rivals)) / 2
        total -= math.log(own / sum(math.exp(z(view, CAPTIONS[i], j)) for j in rivals)) / 2
    return total / len(CAPTIONS)


def expect_text_teacher(view):
    total = 0.0
    for row, (text, photo) in enumerate(zip(TAUGHT.text, TAUGHT.photo, strict=True)):
        target = (view.neutral if photo < 0 else view.base[photo]) + view.shift[row]
        total += 1 - float(view.text[text] @ target / target.norm())
    return total / len(TAUGHT.text)


FORMULAS = {
    "across_bare": lambda view: contrast(view, "bare"),
    "across_query": lambda view: contrast(view, "query"),
    "across_scene": expect_across_scene,
    "pool_keep": expect_pool_keep,
    "pool_infonce": expect_pool_infonce,
    "text_teacher": expect_text_teacher,
}


def test_every_term_on_the_pool_has_a_formula_here():
    assert set(FORMULAS) == {name for name, term in TERMS.items() if term.pool}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_term_is_its_formula(name):
    view = make_view()
    assert compute(name, view).item() == pytest.approx(FORMULAS[name](view), abs=1e-9)


@pytest.mark.parametrize("name", ["across_bare", "across_query"])
def test_what_is_not_known_of_a_photo_moves_nothing(name):
    """A photo that no sentence of the batch is true or false of gets no gradient, however it scores."""
    view = make_view({kind: [(4, {0}, {1, 2})] for kind in ABOUT})
    view.photo.requires_grad_()
    compute(name, view).backward()
    moved = view.photo.grad.abs().sum(dim=1) > 0
    assert moved.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("name", FORMULAS)
def test_nothing_to_ask_costs_nothing_and_has_finite_gradients(name):
    none = Taught(*np.zeros((4, 0), np.int64))
    view = make_view({kind: [(3, {0}, set())] for kind in ABOUT}, ([], [], [], []), none)
    view.text.requires_grad_()
    value = compute(name, view)
    value.backward()
    assert torch.isfinite(view.text.grad).all()
    if name in ("across_bare", "across_query", "across_scene", "text_teacher"):
        assert value.item() == 0


def test_a_right_order_costs_less():
    """A text that points to its right photos and away from its wrong ones has a small loss, its
    opposite a large one.
    """
    view = make_view({kind: [(4, {0}, {1})] for kind in ABOUT})
    view.text[4] = view.photo[0] - view.photo[1]
    good = compute("across_bare", view).item()
    view.text[4] *= -1
    assert good < math.log(2) < compute("across_bare", view).item()
