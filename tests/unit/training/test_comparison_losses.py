"""Each comparison loss equals its formula written as plain loops, with gradients."""

import math

import pytest
import torch
from test_losses import check_same, draw_logits

from unscene.training.comparison_losses import (
    con_clip,
    follow_teacher,
    masked_sigmoid,
    multiple_choice,
    neg_clip,
    preference,
    triplet_clip,
)
from unscene.training.losses import get_pair_truth, info_nce, keep_base


def log_share(z, row, column, columns):
    """-log of the share of one cell among the cells of its row."""
    return -torch.log(torch.exp(z[row, column]) / sum(torch.exp(z[row, c]) for c in columns))


def naive_neg_clip(z, hard):
    n = len(z)
    both = torch.cat([z, hard], 1)
    rows = sum(log_share(both, i, i, range(both.shape[1])) for i in range(n)) / n
    columns = sum(log_share(z.T, i, i, range(n)) for i in range(n)) / n
    return (rows + columns) / 2


def test_neg_clip_equals_the_loop_and_without_hard_captions_is_info_nce():
    check_same(
        lambda z: neg_clip(z[:, :4], z[:, 4:]),
        lambda z: naive_neg_clip(z[:, :4], z[:, 4:]),
        draw_logits(4, 7),
    )
    z = draw_logits(4, 4, 1)
    assert neg_clip(z, z[:, :0]).item() == pytest.approx(info_nce(z).item(), abs=1e-12)


def cut_four(z):
    return z[:3, :3], z[:3, 3:], z[3:, :3], z[3:, 3:]


def test_triplet_clip_equals_the_loop_and_keeps_edits_out_of_the_originals_rows():
    def naive(z):
        ia, i_n, ja, jn = cut_four(z)
        return (naive_neg_clip(ia, i_n) + naive_neg_clip(jn, ja)) / 2

    check_same(lambda z: triplet_clip(*cut_four(z)), naive, draw_logits(6, 6))


def test_con_clip_equals_the_loop():
    def naive(z):
        ia, _, ja, jn = cut_four(z)
        total = 0.0
        for i in range(3):
            total = total + log_share(z[:3], i, i, range(6))
            total = total + log_share(torch.cat([ia, ja]).T, i, i, range(6))
            total = total + log_share(torch.cat([jn, ja], 1), i, i, range(6))
        return total / 9

    check_same(lambda z: con_clip(*cut_four(z)), naive, draw_logits(6, 6))


def test_masked_sigmoid_equals_the_loop_and_the_one_of_open_clip():
    positive, negative = get_pair_truth(torch.arange(12).reshape(3, 4))
    bias = torch.tensor(-2.0, dtype=torch.float64)

    def naive(z):
        total = 0.0
        for row in range(len(z)):
            for column in range(z.shape[1]):
                for chosen, sign in ((positive, 1), (negative, -1)):
                    if chosen[row, column]:
                        total = total + torch.log(1 + torch.exp(-sign * (z[row, column] + bias)))
        return total / len(z)

    gradient = check_same(lambda z: masked_sigmoid(z, bias, positive, negative), naive, draw_logits(8, 12))
    assert (gradient[~positive & ~negative] == 0).all()

    from open_clip.loss import SigLipLoss

    image = torch.nn.functional.normalize(draw_logits(5, 8, 1), dim=1)
    text = torch.nn.functional.normalize(draw_logits(5, 8, 2), dim=1)
    own = torch.eye(5, dtype=torch.bool)
    expected = SigLipLoss()(image, text, torch.tensor(10.0, dtype=torch.float64), bias)
    assert masked_sigmoid(10 * image @ text.T, bias, own, ~own).item() == pytest.approx(
        expected.item(), abs=1e-10
    )


def test_preference_equals_the_loop_and_asks_for_more_than_the_base_has():
    base = draw_logits(1, 6, 3)[0]

    def naive(z):
        return (
            sum(
                -torch.log(1 / (1 + torch.exp(-(own - reference))))
                for own, reference in zip(z[0], base, strict=True)
            )
            / 6
        )

    check_same(lambda z: preference(z[0], base), naive, draw_logits(1, 6))
    assert preference(base, base).item() == pytest.approx(math.log(2))


def test_multiple_choice_equals_the_loop():
    def naive(z):
        return sum(log_share(z, i, 0, range(4)) for i in range(len(z))) / len(z)

    check_same(multiple_choice, naive, draw_logits(5, 4))
    closed = draw_logits(2, 4)
    closed[:, 3] = -math.inf
    assert multiple_choice(closed).item() == pytest.approx(multiple_choice(closed[:, :3]).item())


def test_follow_teacher_equals_the_loop():
    teacher = draw_logits(8, 3, 5)

    def naive(z):
        total = 0.0
        for part in (range(4), range(4, 8)):
            total = total + sum(((z[i] - teacher[i]) ** 2).sum() for i in part) / 4
        return total / 2

    check_same(lambda z: follow_teacher(z[:4], teacher[:4], z[4:], teacher[4:]), naive, draw_logits(8, 3))


def test_keep_base_equals_the_loop_and_is_zero_at_the_base():
    unit = torch.nn.functional.normalize
    photo_base, text_base = unit(draw_logits(4, 6, 1), dim=1), unit(draw_logits(4, 6, 2), dim=1)
    z_base = 5 * photo_base @ text_base.T

    def naive(x):
        photo, text = unit(x[:4], dim=1), unit(x[4:], dim=1)
        z = 5 * photo @ text.T
        total = 0.0
        for cells, base in ((z, z_base), (z.T, z_base.T)):
            for i in range(4):
                others = [j for j in range(4) if j != i]
                for j in others:
                    p = torch.exp(base[i, j]) / sum(torch.exp(base[i, k]) for k in others)
                    q = torch.exp(cells[i, j]) / sum(torch.exp(cells[i, k]) for k in others)
                    total = total + p * torch.log(p / q) / 8
        for i in range(4):
            total = total + (1 - photo[i] @ photo_base[i]) / 4 + (1 - text[i] @ text_base[i]) / 4
        return total

    def ours(x):
        photo, text = unit(x[:4], dim=1), unit(x[4:], dim=1)
        return keep_base(5 * photo @ text.T, z_base, photo, photo_base, text, text_base)

    check_same(ours, naive, draw_logits(8, 6))
    assert keep_base(z_base, z_base, photo_base, photo_base, text_base, text_base).item() == pytest.approx(
        0, abs=1e-12
    )
