"""Losses on ordinary photos whose objects are known: is what a text denies on the photo?

Notation: z = temperature x cosine of a text and a photo, sp(x) = log(1 + exp(x)). The photos are
those of one batch of the pool; a photo on which it is not known whether an object is there is
neither right nor wrong for a sentence about it. All functions return a scalar tensor.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def rank_across(z: "Tensor", right: "Tensor", wrong: "Tensor") -> "Tensor":
    """Each sentence prefers every photo that it is true of to every photo that it is false of.

        mean over sentences of  mean over right photos r and wrong photos w of  sp(z_w - z_r)

    z (sentences, photos); right, wrong: bool of the same shape, disjoint. A sentence that lacks
    either takes no part; without any sentence the loss is 0. The mean is a smooth form of 1 - AUC
    of the sentence (Gao and Zhou 2015, "On the Consistency of AUC Pairwise Optimization").
    """
    from torch.nn.functional import softplus

    asked = right.any(dim=1) & wrong.any(dim=1)
    if not asked.any():
        return z.sum() * 0
    z, right, wrong = z[asked], right[asked], wrong[asked]
    compared = right[:, :, None] & wrong[:, None, :]
    cost = softplus(z[:, None, :] - z[:, :, None]).masked_fill(~compared, 0)
    return (cost.sum(dim=(1, 2)) / compared.sum(dim=(1, 2))).mean()


def prefer_true(true: "Tensor", false: "Tensor", shown: "Tensor") -> "Tensor":
    """A photo prefers the true one of two sentences in the same words.

        mean over the two sides (assertions are true, denials are true) of the mean of sp(z_false - z_true)

    true, false: (sentences,), the logits with the photo that both are about. shown: bool
    (sentences,), the assertion is the true one. Captions leave out what is absent more often than
    what is there, so without the two sides a model that prefers denials would gain. A side without
    sentences takes no part; 0 without any.
    """
    import torch
    from torch.nn.functional import softplus

    if not len(true):
        return true.sum()
    cost = softplus(false - true)
    return torch.stack([cost[side].mean() for side in (shown, ~shown) if side.any()]).mean()


def find_photo(z: "Tensor", own: "Tensor") -> "Tensor":
    """A true sentence finds the photo that it was written for: mean of -log softmax(z[t, :])_own.

    z (sentences, photos); own: int (sentences,). A cell of -inf takes no part. 0 without sentences.
    """
    from torch.nn.functional import cross_entropy

    return cross_entropy(z, own) if len(z) else z.sum()


def keep_texts(text: "Tensor", base: "Tensor") -> "Tensor":
    """Texts stay where they are: mean of 1 - cos(g, g_0); normalised features (texts, dim)."""
    return (1 - (text * base).sum(dim=1)).mean()


def follow_direction(text: "Tensor", scene: "Tensor", shift: "Tensor") -> "Tensor":
    """A text-only teacher: a denial moves the text away from its object, an assertion towards it.

        mean of 1 - cos(g(S + denial of o), e(S) - w d_o),   d_o = e(o) - mean over nouns of e

    text: normalised features (texts, dim) of S with a denial or an assertion. scene: e(S) of the
    untuned model. shift: -w d_o or +w d_o. The direction is centred: what all nouns share (being a
    photo of something) stays, which taking out e(o) itself would remove as well. 0 without texts.
    """
    from torch.nn.functional import normalize

    if not len(text):
        return text.sum()
    return (1 - (text * normalize(scene + shift, dim=1)).sum(dim=1)).mean()
