"""Published losses that unscene's own are compared with, on the same pairs.

Notation as in `unscene.training.losses`: z = temperature x cosine; I an original photo, J its edit;
a names the object, n says that it is not there. All functions take logits (or features, where they
say so) and return a scalar tensor.
"""

from typing import TYPE_CHECKING

from unscene.training.equal_texts import drop_cells

if TYPE_CHECKING:
    from torch import Tensor


def neg_clip(
    z: "Tensor", z_hard: "Tensor", twins: "Tensor | None" = None, hard_twins: "Tensor | None" = None
) -> "Tensor":
    """NegCLIP: hard negative captions compete in the photos' rows only.

        1/2 [ mean_i -log softmax([z | z_hard][i, :])_i + mean_j -log softmax(z[:, j])_j ]

    z: (photos, photos), matches on the diagonal; z_hard: (photos, hard captions). twins, hard_twins:
    bool, cells of either whose text is the photo's own; they take no part. Yuksekgonul et al. 2023,
    "When and Why Vision-Language Models Behave like Bags-Of-Words, and What to Do About It", section
    4.
    """
    import torch
    from torch.nn.functional import cross_entropy

    z, z_hard = drop_cells(z, twins), drop_cells(z_hard, hard_twins)
    target = torch.arange(len(z), device=z.device)
    return (cross_entropy(torch.cat([z, z_hard], dim=1), target) + cross_entropy(z.T, target)) / 2


def triplet_clip(
    original_present: "Tensor",
    original_negated: "Tensor",
    edited_present: "Tensor",
    edited_negated: "Tensor",
    twins: "dict[str, Tensor] | None" = None,
) -> "Tensor":
    """TripletCLIP: 1/2 [ NegCLIP(I, a; n) + NegCLIP(J, n; a) ]. An edit never stands in an original's
    denominators. The paper has the sum; the half of it is on the scale of the other losses here.

    Arguments: logits of all I with all a, I with n, J with a, J with n, each (pairs, pairs). twins:
    cells that take no part, by `Ia`, `In`, `Ja` and `Jn`, bool (pairs, pairs). Patel
    et al. 2024, "TripletCLIP: Improving Compositional Reasoning of CLIP via Synthetic
    Vision-Language Negatives", equations 3 and 4.
    """
    twins = twins or {}
    return (
        neg_clip(original_present, original_negated, twins.get("Ia"), twins.get("In"))
        + neg_clip(edited_negated, edited_present, twins.get("Jn"), twins.get("Ja"))
    ) / 2


def con_clip(
    original_present: "Tensor",
    original_negated: "Tensor",
    edited_present: "Tensor",
    edited_negated: "Tensor",
    twins: "dict[str, Tensor] | None" = None,
) -> "Tensor":
    """CoN-CLIP's form: 1/3 [ CE(I -> [a | n]) + CE(a -> [I | J]) + CE(J -> [n | a]) ].

    Arguments as in `triplet_clip`. In the paper J is a retrieved photo; here it is the edit. Singh
    et al. 2024, "Learn "No" to Say "Yes" Better: Improving Vision-Language Models via Negations",
    section 4.
    """
    import torch
    from torch.nn.functional import cross_entropy

    twins = twins or {}
    original_present = drop_cells(original_present, twins.get("Ia"))
    original_negated = drop_cells(original_negated, twins.get("In"))
    edited_present = drop_cells(edited_present, twins.get("Ja"))
    edited_negated = drop_cells(edited_negated, twins.get("Jn"))
    target = torch.arange(len(original_present), device=original_present.device)
    return (
        cross_entropy(torch.cat([original_present, original_negated], dim=1), target)
        + cross_entropy(torch.cat([original_present, edited_present]).T, target)
        + cross_entropy(torch.cat([edited_negated, edited_present], dim=1), target)
    ) / 3


def masked_sigmoid(z: "Tensor", bias: "Tensor", positive: "Tensor", negative: "Tensor") -> "Tensor":
    """SigLIP with masks: -1/photos sum over cells of log sigma(sign (z + bias)), sign 1, -1 or left out.

    z (photos, texts); bias: scalar; positive, negative: bool of the same shape, a cell in neither
    has no influence. Zhai et al. 2023, "Sigmoid Loss for Language Image Pre-Training", equation 1.
    For weights that were trained with it: others have no bias.
    """
    from torch.nn.functional import logsigmoid

    sign = positive.to(z.dtype) - negative.to(z.dtype)
    return -(logsigmoid(sign * (z + bias)) * sign.abs()).sum() / len(z)


def preference(margin: "Tensor", margin_base: "Tensor") -> "Tensor":
    """DPO's form: mean of -log sigma(margin - margin_base), margins z(x, right) - z(x, wrong) of
    the model and its frozen base.

    Rafailov et al. 2023, "Direct Preference Optimization", equation 7, with cosines in place of
    log-likelihoods and the temperature as beta (Afzali et al. 2024, "Aligning Visual Contrastive
    Learning Models via Preference Optimization").
    """
    from torch.nn.functional import softplus

    return softplus(margin_base - margin).mean()


def multiple_choice(z: "Tensor") -> "Tensor":
    """NegBench's MCQ term: mean of -log softmax(z[i, :])_0 over a photo's own answers z (photos,
    answers), the right one first.

    Alhamoud et al. 2025, "Vision-Language Models Do Not Understand Negation", equation 2. An answer
    of -inf is no answer.
    """
    from torch.nn.functional import cross_entropy

    return cross_entropy(z, z.new_zeros(len(z)).long())


def follow_teacher(
    photo: "Tensor", photo_teacher: "Tensor", text: "Tensor", text_teacher: "Tensor"
) -> "Tensor":
    """Mean squared distance to a teacher's features, 1/2 (mean |f - f_t|^2 + mean |g - g_t|^2);
    features (items, dim).

    The teacher is the moving average of the model itself: the form of Hu et al. 2025, "Decoupled
    Global-Local Alignment" (DeGLA).
    """
    return (
        (photo - photo_teacher).square().sum(dim=1).mean() + (text - text_teacher).square().sum(dim=1).mean()
    ) / 2
