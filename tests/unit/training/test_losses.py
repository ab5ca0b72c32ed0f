"""Each loss equals its formula written as plain loops, with gradients."""

import math

import pytest
import torch

from unscene.training.losses import get_pair_truth, info_nce, masked_multi_positive, pair_ranking


def draw_logits(rows, columns, seed=0):
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3


def naive_info_nce(z):
    total, n = 0.0, len(z)
    for i in range(n):
        total = total - z[i, i] + torch.log(sum(torch.exp(z[i, j]) for j in range(n)))
        total = total - z[i, i] + torch.log(sum(torch.exp(z[j, i]) for j in range(n)))
    return total / (2 * n)


def naive_multi_positive(z, positive, negative):
    def side(z, positive, negative):
        costs = []
        for row in range(len(z)):
            positives = [c for c in range(z.shape[1]) if positive[row, c]]
            against = [torch.exp(z[row, c]) for c in range(z.shape[1]) if negative[row, c]]
            if positives:
                costs.append(
                    sum(
                        -torch.log(torch.exp(z[row, c]) / (torch.exp(z[row, c]) + sum(against)))
                        for c in positives
                    )
                    / len(positives)
                )
        return sum(costs) / len(costs)

    return (side(z, positive, negative) + side(z.T, positive.T, negative.T)) / 2


def naive_truth(text_id):
    """The truth table, cell by cell: photo k is I for k < pairs, else J; text t is a, b or n of its pair."""
    pairs = text_id.shape[1]
    positive = torch.zeros(2 * pairs, 3 * pairs, dtype=torch.bool)
    negative = torch.zeros_like(positive)
    for k in range(2 * pairs):
        pair, edited = k % pairs, k >= pairs
        for t in range(3 * pairs):
            owner, kind = t % pairs, "abn"[t // pairs]
            if owner == pair:
                positive[k, t] = (kind in "bn") if edited else (kind == "a")
                negative[k, t] = (kind == "a") if edited else (kind == "n")
            else:
                a, b, n = (int(text_id[i, pair]) for i in range(3))
                true = {b, n} if edited else {a, b}
                negative[k, t] = int(text_id[t // pairs, owner]) not in true
    return positive, negative


def check_same(loss, naive, z):
    """Equal values, equal and non-trivial gradients."""
    ours, theirs = z.clone().requires_grad_(), z.clone().requires_grad_()
    value, expected = loss(ours), naive(theirs)
    assert value.item() == pytest.approx(expected.item(), abs=1e-10)
    value.backward()
    expected.backward()
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-10)
    assert ours.grad.abs().max() > 1e-4
    return ours.grad


def test_info_nce_equals_the_loop():
    check_same(info_nce, naive_info_nce, draw_logits(5, 5))


def test_info_nce_equals_the_one_of_open_clip():
    from open_clip import ClipLoss

    image = torch.nn.functional.normalize(draw_logits(6, 8, 1), dim=1)
    text = torch.nn.functional.normalize(draw_logits(6, 8, 2), dim=1)
    assert info_nce(20 * image @ text.T).item() == pytest.approx(
        ClipLoss()(image, text, 20.0).item(), abs=1e-10
    )


def test_masked_multi_positive_equals_the_loop_on_pairs():
    positive, negative = get_pair_truth(torch.arange(12).reshape(3, 4))
    gradient = check_same(
        lambda z: masked_multi_positive(z, positive, negative),
        lambda z: naive_multi_positive(z, positive, negative),
        draw_logits(8, 12),
    )
    own_vague = gradient[:4, 4:8].diagonal()
    assert (own_vague == 0).all()  # an original with the caption that leaves the object out: no influence


def test_masked_multi_positive_is_info_nce_with_one_positive_a_row():
    z, own = draw_logits(5, 5, 3), torch.eye(5, dtype=torch.bool)
    assert masked_multi_positive(z, own, ~own).item() == pytest.approx(info_nce(z).item(), abs=1e-10)


def test_masked_multi_positive_without_negatives_costs_nothing_and_stays_finite():
    z = draw_logits(2, 2).requires_grad_()
    nothing = torch.zeros(2, 2, dtype=torch.bool)
    loss = masked_multi_positive(z, torch.eye(2, dtype=torch.bool), nothing)
    loss.backward()
    assert loss.item() == 0 and torch.isfinite(z.grad).all()


def test_truth_equals_the_table_also_with_equal_texts():
    texts = torch.tensor(
        [[0, 1, 0, 3], [4, 5, 4, 0], [8, 9, 8, 11]]
    )  # pairs 0 and 2 share a, b, n; b of 3 is a of 0
    positive, negative = get_pair_truth(texts)
    expected_positive, expected_negative = naive_truth(texts)
    assert torch.equal(positive, expected_positive) and torch.equal(negative, expected_negative)
    assert not (positive & negative).any()
    unequal = get_pair_truth(torch.arange(12).reshape(3, 4))
    assert negative.sum() < unequal[1].sum()


def test_pair_ranking_equals_the_loop_and_the_cross_entropy_of_the_pair():
    z = draw_logits(4, 3)  # rows: z(I,a), z(I,n), z(J,a), z(J,n)

    def naive(z):
        total = 0.0
        for ia, i_n, ja, jn in zip(*z, strict=True):
            for wrong, right in ((i_n, ia), (ja, jn), (ja, ia), (i_n, jn)):
                total = total + torch.log(1 + torch.exp(wrong - right))
        return total / (4 * z.shape[1])

    check_same(lambda z: pair_ranking(*z), naive, z)
    as_blocks = [info_nce(z[:, pair].reshape(2, 2)) for pair in range(3)]
    assert pair_ranking(*z).item() == pytest.approx(sum(as_blocks).item() / 3, abs=1e-10)


def test_pair_ranking_is_small_exactly_where_the_group_score_holds():
    right = torch.tensor([[9.0], [0.0], [0.0], [9.0]])
    assert pair_ranking(*right).item() < 1e-3
    assert pair_ranking(*(-right)).item() > 4
    assert pair_ranking(*torch.zeros(4, 1)).item() == pytest.approx(math.log(2))


def test_truth_spares_a_further_true_text_of_an_original():
    texts = torch.tensor(
        [[20, 1, 7], [3, 4, 5], [6, 8, 9]]
    )  # pair 0 shows 20 in the place of 7, which is true of it
    plain, spared = get_pair_truth(texts)[1], get_pair_truth(texts, torch.tensor([7, 30, 31]))[1]
    assert plain[0, 2] and not spared[0, 2]
    assert (plain != spared).sum() == 1
