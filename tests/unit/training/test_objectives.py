"""Each term over a batch, from features and captions to its value: as the formulas say, and equal
captions are no negatives.
"""

import math
from pathlib import Path

import pytest
import torch
from test_comparison_losses import log_share

from unscene.training.comparison_losses import con_clip, multiple_choice, neg_clip, triplet_clip
from unscene.training.losses import info_nce
from unscene.training.objectives import TERMS, TEXT_ROLES, View, compute_terms, list_references, list_texts

PAIRS, DIM, TEMPERATURE, BIAS = 4, 6, 5.0, -1.5
# Captions by role, as numbers: a of pairs 0 and 1 are the same, n of 1 and 2, b of 2 and 3. In the place of
# a of pair 2 stands a true negation; its plain caption is that of pair 3.
# The own and hard captions have twins under the same role, across roles, and of one pair's two photos.
KEYS = {
    "a": [1, 1, 20, 4],
    "b": [5, 6, 7, 7],
    "n": [8, 9, 9, 20],
    "plain": [2, 3, 4, 4],
    "own_first": [1, 1, 20, 4],
    "own_second": [5, 20, 7, 7],
    "hard_first": [8, 9, 5, 11],
    "hard_second": [1, 2, 20, 7],
}


@pytest.fixture
def view():
    roles = ["first", "second", *TEXT_ROLES]
    roles += [
        f"{name}:{role}"
        for name in ("base", "teacher")
        for role in ("first", "second", "a", "b", "n", "plain")
    ]
    generator = torch.Generator().manual_seed(0)
    features = {
        role: torch.nn.functional.normalize(
            torch.randn(PAIRS, DIM, generator=generator, dtype=torch.float64), dim=1
        )
        for role in roles
    }
    keys = {role: torch.tensor(KEYS[role]) for role in KEYS}
    return View(features, keys, torch.tensor(TEMPERATURE), torch.tensor(BIAS))


def dot(view, photo, i, text, j, reference=""):
    """Return temperature times the cosine of photo i and caption j."""
    return TEMPERATURE * float(
        view.features[f"{reference}{photo}"][i] @ view.features[f"{reference}{text}"][j]
    )


def grid(view, photos, texts):
    """Return the logits of the photos and captions of several roles, each role's pairs one after
    the other.
    """
    return torch.tensor(
        [
            [dot(view, photo, i, text, j) for text in texts for j in range(PAIRS)]
            for photo in photos
            for i in range(PAIRS)
        ],
        dtype=torch.float64,
    )


def list_cells():
    """Yield (photo role, pair, caption role, pair of the caption, label): 1 true, -1 false, 0
    neither, told from KEYS.
    """
    for photo in ("first", "second"):
        for i in range(PAIRS):
            true = {"first": ("a", "b", "plain"), "second": ("b", "n")}[photo]
            known = {KEYS[role][i] for role in true}
            for text in "abn":
                for j in range(PAIRS):
                    own = {"first": {"a": 1, "b": 0, "n": -1}, "second": {"a": -1, "b": 1, "n": 1}}[photo][
                        text
                    ]
                    yield photo, i, text, j, own if i == j else 0 if KEYS[text][j] in known else -1


def softplus(x):
    return math.log1p(math.exp(x))


def list_keys(*roles):
    return [key for role in roles for key in KEYS[role]]


def contrast(z, own, texts):
    """The mean over rows of -log of the share of the match, told from keys: a row's competitors are the
    texts that are not equal to its own. own: of the rows; texts: of the columns.
    """
    total = 0.0
    for i, key in enumerate(own):
        rivals = [j for j, text in enumerate(texts) if text != key]
        total += log_share(z, i, i, [i, *rivals])
    return total / len(own)


def contrast_texts(z, own, texts):
    """The same for texts, over photos; a photo whose own caption equals the text is no rival."""
    total = 0.0
    for j, text in enumerate(texts):
        rivals = [i for i, key in enumerate(own) if key != text]
        total += log_share(z.T, j, j, [j, *rivals])
    return total / len(texts)


def expect_infonce(view):
    z, own = (
        grid(view, ("first", "second"), ("own_first", "own_second")),
        list_keys("own_first", "own_second"),
    )
    return (contrast(z, own, own) + contrast_texts(z, own, own)) / 2


def expect_negclip(view):
    photos, roles, hard = ("first", "second"), ("own_first", "own_second"), ("hard_first", "hard_second")
    own = list_keys(*roles)
    rows = contrast(grid(view, photos, roles + hard), own, own + list_keys(*hard))
    return (rows + contrast_texts(grid(view, photos, roles), own, own)) / 2


def expect_mask(view):
    cells = {}
    for photo, i, text, j, label in list_cells():
        cells[(photo, i), (text, j)] = label, dot(view, photo, i, text, j)
    sides = []
    for side in (0, 1):
        costs = []
        for line in dict.fromkeys(cell[side] for cell in cells):
            own = [value for cell, value in cells.items() if cell[side] == line]
            against = sum(math.exp(z) for label, z in own if label < 0)
            positive = [z for label, z in own if label > 0]
            if positive:
                costs.append(
                    sum(-math.log(math.exp(z) / (math.exp(z) + against)) for z in positive) / len(positive)
                )
        sides.append(sum(costs) / len(costs))
    return sum(sides) / 2


def expect_siglip(view):
    total = sum(
        softplus(-label * (dot(view, photo, i, text, j) + BIAS))
        for photo, i, text, j, label in list_cells()
        if label
    )
    return total / (2 * PAIRS)


def expect_rank(view):
    total = 0.0
    for i in range(PAIRS):
        ia, i_n, ja, jn = (dot(view, photo, i, text, i) for photo in ("first", "second") for text in "an")
        total += softplus(i_n - ia) + softplus(ja - jn) + softplus(ja - ia) + softplus(i_n - jn)
    return total / (4 * PAIRS)


def expect_keep(view):
    total = 0.0
    for turned in (False, True):
        for i in range(PAIRS):
            others = [j for j in range(PAIRS) if j != i]

            def cell(j, reference, i=i, turned=turned):
                return dot(view, "first", j if turned else i, "plain", i if turned else j, reference)

            before, now = (
                [
                    math.exp(cell(j, reference)) / sum(math.exp(cell(k, reference)) for k in others)
                    for j in others
                ]
                for reference in ("base:", "")
            )
            total += sum(p * math.log(p / q) for p, q in zip(before, now, strict=True)) / (2 * PAIRS)
    for role in ("first", "plain"):
        own, base = view.features[role], view.features[f"base:{role}"]
        total += sum(1 - float(own[i] @ base[i]) for i in range(PAIRS)) / PAIRS
    return total


def expect_triplet(view):
    total = 0.0
    for photo, right, wrong in (("first", "a", "n"), ("second", "n", "a")):
        own = KEYS[right]
        total += contrast(grid(view, [photo], [right, wrong]), own, own + KEYS[wrong]) / 2
        total += contrast_texts(grid(view, [photo], [right]), own, own) / 2
    return total / 2


def expect_conclip(view):
    a, n = KEYS["a"], KEYS["n"]
    total = contrast(grid(view, ["first"], ["a", "n"]), a, a + n)
    total += contrast_texts(grid(view, ("first", "second"), ["a"]), a + n, a)
    total += contrast(grid(view, ["second"], ["n", "a"]), n, n + a)
    return total / 3


def expect_dpo(view):
    total = 0.0
    for photo, right, wrong in (("first", "a", "n"), ("second", "n", "a")):
        for i in range(PAIRS):
            margin, base = (
                dot(view, photo, i, right, i, reference) - dot(view, photo, i, wrong, i, reference)
                for reference in ("", "base:")
            )
            total += softplus(base - margin)
    return total / (2 * PAIRS)


def expect_mcq(view):
    """The right caption against the wrong one and both of the next pair; what is true here, too, is
    no wrong answer.
    """
    total = 0.0
    for photo, right, wrong in (("first", "a", "n"), ("second", "n", "a")):
        for i in range(PAIRS):
            following = (i + 1) % PAIRS
            answers = [(right, i), (wrong, i), (right, following), (wrong, following)]
            for role in (right, wrong):
                if KEYS[role][following] == KEYS[right][i]:
                    answers.remove((role, following))
            shares = [math.exp(dot(view, photo, i, text, j)) for text, j in answers]
            total -= math.log(shares[0] / sum(shares))
    return total / (2 * PAIRS)


def expect_teacher(view):
    total = 0.0
    for roles in (("first", "second"), ("a", "b", "n")):
        squares = [
            float(((view.features[role][i] - view.features[f"teacher:{role}"][i]) ** 2).sum())
            for role in roles
            for i in range(PAIRS)
        ]
        total += sum(squares) / len(squares)
    return total / 2


FORMULAS = {
    name.removeprefix("expect_"): formula
    for name, formula in list(globals().items())
    if name.startswith("expect_")
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_term_is_its_formula_on_a_batch_with_equal_captions(view, name):
    value = compute_terms({name: 1.0}, view)[0]
    assert value.item() == pytest.approx(float(FORMULAS[name](view)), abs=1e-9)


def test_every_term_is_tested():
    tested = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f'"{name}"' in tested or f"expect_{name}(" in tested for name in TERMS)


@pytest.mark.parametrize("name", ["infonce", "negclip", "mask", "siglip", "triplet", "conclip", "mcq"])
def test_equal_captions_would_count_otherwise(view, name):
    """Were no two captions equal, these would be other values: the test above sees what is left out."""
    count = iter(range(100))
    keys = {role: torch.tensor([next(count) for _ in range(PAIRS)]) for role in KEYS}
    apart = View(view.features, keys, view.temperature, view.bias)
    assert abs(compute_terms({name: 1.0}, apart)[0] - compute_terms({name: 1.0}, view)[0]) > 1e-3


def test_without_equal_captions_the_contrasts_are_the_plain_ones_bit_for_bit(view):
    count = iter(range(100))
    keys = {role: torch.tensor([next(count) for _ in range(PAIRS)]) for role in KEYS}
    apart = View(view.features, keys, view.temperature, view.bias)
    photos, own = view.join("first", "second"), view.join("own_first", "own_second")
    z, hard = view.logits(photos, own), view.logits(photos, view.join("hard_first", "hard_second"))
    four = [view.logits(photo, text) for photo in ("first", "second") for text in "an"]
    plain = {
        "infonce": info_nce(z),
        "negclip": neg_clip(z, hard),
        "triplet": triplet_clip(*four),
        "conclip": con_clip(*four),
    }
    for name, value in plain.items():
        assert compute_terms({name: 1.0}, apart)[0].item() == value.item(), name
    answers = []
    for photo, right, wrong in (("first", "a", "n"), ("second", "n", "a")):
        texts = [view.features[right], view.features[wrong]]
        texts += [text.roll(-1, dims=0) for text in texts]
        feature = view.features[photo]
        answers.append(view.temperature * torch.stack([(feature * text).sum(dim=1) for text in texts], dim=1))
    assert compute_terms({"mcq": 1.0}, apart)[0].item() == multiple_choice(torch.cat(answers)).item()


@pytest.mark.parametrize("name", ["infonce", "negclip", "triplet", "conclip", "mcq"])
def test_a_batch_of_one_text_has_finite_gradients(view, name):
    keys = {role: torch.ones(PAIRS, dtype=torch.long) for role in KEYS}
    features = {role: value.clone().requires_grad_() for role, value in view.features.items()}
    compute_terms({name: 1.0}, View(features, keys, view.temperature, view.bias))[0].backward()
    assert all(f.grad is None or torch.isfinite(f.grad).all() for f in features.values())


def test_a_loss_is_the_weighted_sum_of_its_terms(view):
    loss = {"mask": 1.0, "rank": 0.5, "keep": 2.0}
    total, terms = compute_terms(loss, view)
    assert total.item() == pytest.approx(sum(loss[name] * terms[name].item() for name in loss))
    for name, value in terms.items():
        assert value.item() == pytest.approx(compute_terms({name: 1.0}, view)[0].item())


def test_roles_are_listed_in_one_order():
    assert list_texts({"rank": 1, "keep": 1, "mask": 1}) == ("a", "b", "n", "plain")
    assert list_texts({"negclip": 1}) == ("own_first", "own_second", "hard_first", "hard_second")
    assert list_references({"keep": 1, "dpo": 1}, "base") == ("a", "first", "n", "plain", "second")
    assert list_references({"keep": 1}, "teacher") == ()


@pytest.mark.parametrize("name", [name for name, term in TERMS.items() if not term.pool])
def test_a_term_says_what_it_reads(view, name):
    """With only the captions and reference features that its entry names a term can be computed,
    and none is for nothing.
    """
    term = TERMS[name]
    kept = {"first", "second", *term.texts, *term.reference}
    expected = compute_terms({name: 1.0}, view)[0].item()
    own = View(
        {role: value for role, value in view.features.items() if role in kept},
        view.keys,
        view.temperature,
        view.bias,
    )
    assert compute_terms({name: 1.0}, own)[0].item() == expected
    for role in (*term.texts, *term.reference):
        less = View({**own.features, role: -own.features[role]}, view.keys, view.temperature, view.bias)
        assert compute_terms({name: 1.0}, less)[0].item() != pytest.approx(expected), role
