"""Losses on original/edited pairs.

Notation: z = temperature x cosine; I an original photo, J its edit; a names the object, b tells the
scene without naming it, n says that it is not there; sp(x) = log(1 + exp(x)). All functions take
logits and return a scalar tensor.
"""

from typing import TYPE_CHECKING

from unscene.training.equal_texts import drop_cells

if TYPE_CHECKING:
    from torch import Tensor


def info_nce(z: "Tensor", twins: "Tensor | None" = None) -> "Tensor":
    """Symmetric cross-entropy of logits z (photos, texts), both n, with the matches on the diagonal.

        1/2 [ mean_i -log softmax(z[i, :])_i + mean_j -log softmax(z[:, j])_j ]

    twins: bool of z's shape, the cells off the diagonal whose text is the photo's own: they take no
    part in either direction.

    Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", figure 3.
    """
    import torch
    from torch.nn import functional

    z = drop_cells(z, twins)
    target = torch.arange(len(z), device=z.device)
    return (functional.cross_entropy(z, target) + functional.cross_entropy(z.T, target)) / 2


def masked_multi_positive(z: "Tensor", positive: "Tensor", negative: "Tensor") -> "Tensor":
    """L_mask: contrast with several positives a photo and with cells that are neither.

    z (photos, texts); positive, negative: bool of the same shape, disjoint; a cell in neither has
    no influence at all. For each row, the mean over its positives p of

        sp( logsumexp over negatives q of z_q  -  z_p )  =  -log( exp z_p / (exp z_p + sum_q exp z_q) )

    averaged over the rows that have a positive; the same over columns; the mean of both. Other
    positives stay out of the denominator, so they don't compete (Khosla et al. 2020, "Supervised
    Contrastive Learning", with L_out and the positives taken out of it). With one positive in each
    row and all else negative it is `info_nce`.
    """
    return (_contrast_rows(z, positive, negative) + _contrast_rows(z.T, positive.T, negative.T)) / 2


def pair_ranking(
    original_present: "Tensor", original_negated: "Tensor", edited_present: "Tensor", edited_negated: "Tensor"
):
    """L_rank: each photo of a pair prefers its own caption, and each caption its own photo.

        1/4 [ sp(z(I,n) - z(I,a)) + sp(z(J,a) - z(J,n)) + sp(z(J,a) - z(I,a)) + sp(z(I,n) - z(J,n)) ]

    averaged over pairs; arguments: the logits z(I,a), z(I,n), z(J,a), z(J,n), each (pairs,). It is
    the symmetric cross-entropy of the pair's own 2 x 2 logits, and it is small exactly when the
    four comparisons of the group score hold (Thrush et al. 2022, "Winoground").
    """
    from torch.nn.functional import softplus

    return (
        softplus(original_negated - original_present)
        + softplus(edited_present - edited_negated)
        + softplus(edited_present - original_present)
        + softplus(original_negated - edited_negated)
    ).mean() / 4


def keep_base(
    z: "Tensor", z_base: "Tensor", photo: "Tensor", photo_base: "Tensor", text: "Tensor", text_base: "Tensor"
) -> "Tensor":
    """L_keep: on untouched photos and their plain captions the model stays what its frozen base is.

        1/2 [ mean_i KL(softmax z0[i, -i] || softmax z[i, -i]) + the same over columns ]
        + mean_i (1 - cos(f_i, f0_i)) + mean_i (1 - cos(g_i, g0_i))

    z, z_base: logits (pairs, pairs) of originals and their captions under the model and its base;
    -i leaves out a pair's own cell, which training is to change. photo, text: normalised features
    (pairs, dim). Zero exactly where the model is its base. The distillation of other cells follows
    Zheng et al. 2023, "Preventing Zero-Shot Transfer Degradation" (ZSCL), equation 3.
    """
    drift = (1 - (photo * photo_base).sum(dim=1)).mean() + (1 - (text * text_base).sum(dim=1)).mean()
    return (_divergence_of_others(z, z_base) + _divergence_of_others(z.T, z_base.T)) / 2 + drift


def get_pair_truth(text_id: "Tensor", also: "Tensor | None" = None) -> tuple["Tensor", "Tensor"]:
    """Return (positive, negative), bool (2 pairs, 3 pairs), of photos [I, J] and texts [a, b, n] of a batch.

    text_id: int (3, pairs), equal numbers for equal texts. also: int (pairs,), one more text that
    is true of each I. The truth of a pair's own cells:

              a    b     n
        I     +    .     -      I with b is true but vague: neither
        J     -    +     +

    Cells between different pairs are negative, unless the text is known to be true of the photo:
    equal to its a, b or `also` (I), to its b or n (J).
    """
    import torch

    pairs = text_id.shape[1]
    own = torch.eye(pairs, dtype=torch.bool, device=text_id.device)
    no = torch.zeros_like(own)
    positive = torch.cat([torch.cat([own, no, no], 1), torch.cat([no, own, own], 1)])
    neither = torch.cat([torch.cat([no, own, no], 1), torch.cat([no, no, no], 1)])
    columns = text_id.reshape(1, -1)
    same = [text_id[kind].reshape(-1, 1) == columns for kind in range(3)]
    other = ~torch.cat([own, own, own], 1)
    of_original = same[0] | same[1]
    if also is not None:
        of_original = of_original | (also.reshape(-1, 1) == columns)
    neither = neither | torch.cat([of_original & other, (same[1] | same[2]) & other])
    return positive, ~positive & ~neither


def _contrast_rows(z: "Tensor", positive: "Tensor", negative: "Tensor") -> "Tensor":
    from torch.nn.functional import softplus

    against = z.masked_fill(~negative, float("-inf"))
    # A row without negatives costs nothing; logsumexp of nothing has no gradient, so such rows are
    # left out before it.
    contrasted = positive & negative.any(dim=1, keepdim=True)
    rows = contrasted.any(dim=1)
    if not rows.any():
        return z.sum() * 0
    z, against, contrasted = z[rows], against[rows], contrasted[rows]
    cost = softplus(against.logsumexp(dim=1, keepdim=True) - z).masked_fill(~contrasted, 0)
    return (cost.sum(dim=1) / contrasted.sum(dim=1)).sum() / positive.any(dim=1).sum()


def _divergence_of_others(z: "Tensor", z_base: "Tensor") -> "Tensor":
    """Mean over rows of KL(softmax z_base || softmax z) over all cells but the diagonal."""
    import torch
    from torch.nn.functional import kl_div, log_softmax

    pairs = len(z)
    other = ~torch.eye(pairs, dtype=torch.bool, device=z.device)
    rows, base = (log_softmax(cells[other].reshape(pairs, pairs - 1), dim=1) for cells in (z, z_base))
    return kl_div(rows, base, reduction="batchmean", log_target=True)
