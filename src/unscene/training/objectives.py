"""An arm's loss: the weighted sum of named terms over the features of a batch.

Features are normalised, (pairs, dim), by role: photos `first` and `second`, captions as in TEXT_ROLES; with
`base:` or `teacher:` in front those of a reference model.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unscene.training.comparison_losses import (
    con_clip,
    follow_teacher,
    masked_sigmoid,
    multiple_choice,
    neg_clip,
    preference,
    triplet_clip,
)
from unscene.training.equal_texts import drop_cells, find_twins
from unscene.training.losses import get_pair_truth, info_nce, keep_base, masked_multi_positive, pair_ranking
from unscene.training.pool_terms import (
    PoolView,
    contrast_bare,
    contrast_queries,
    contrast_scenes,
    keep_captions,
    match_captions,
    teach_nouns,
)

if TYPE_CHECKING:
    from torch import Tensor

PHOTO_ROLES = ("first", "second")
# Captions that a loss can ask for. own: what tells of the photo in that place; hard: what
# contradicts it, most likely.
TEXT_ROLES = ("own_first", "own_second", "hard_first", "hard_second", "a", "b", "n", "plain")


class View:
    """A batch as the terms see it: features by role, numbers of the captions by role, temperature
    and bias; the batch of the pool beside it.
    """

    def __init__(
        self,
        features: "dict[str, Tensor]",
        keys: "dict[str, Tensor]",
        temperature: "Tensor",
        bias: "Tensor | None",
        pool: PoolView | None = None,
    ):
        self.features, self.keys, self.temperature, self.bias = features, keys, temperature, bias
        self._pool = pool

    @property
    def pool(self) -> PoolView:
        """The batch of the pool, of an arm that has one."""
        assert self._pool is not None, "an arm with a term on the pool has `pool`"
        return self._pool

    def join(self, *roles: str) -> "Tensor":
        """Return the features of several roles, one below the other."""
        import torch

        return torch.cat([self.features[role] for role in roles])

    def logits(self, photo: "str | Tensor", text: "str | Tensor") -> "Tensor":
        """Return temperature x cosine of all photos with all captions, (photos, captions)."""
        photo = self.features[photo] if isinstance(photo, str) else photo
        text = self.features[text] if isinstance(text, str) else text
        return self.temperature * photo @ text.T

    def own(self, photo: str, text: str) -> "Tensor":
        """Return the logit of each pair's own photo and caption, (pairs,)."""
        return self.temperature * (self.features[photo] * self.features[text]).sum(dim=1)

    def own_keys(self, *roles: str) -> "Tensor":
        """Return the numbers of the captions of several roles, one below the other."""
        import torch

        return torch.cat([self.keys[role] for role in roles])

    def twins(self) -> "dict[str, Tensor]":
        """Return where a photo's own caption (a of I, n of J) stands with another pair, or under
        another role: bool (pairs, pairs) by `Ia`, `In`, `Ja`, `Jn`.
        """
        present, negated = self.keys["a"], self.keys["n"]
        return {
            "Ia": find_twins(present, present),
            "In": find_twins(present, negated),
            "Ja": find_twins(negated, present),
            "Jn": find_twins(negated, negated),
        }

    def truth(self) -> "tuple[Tensor, Tensor]":
        """Return (positive, negative) of photos [first, second] and captions [a, b, n]."""
        import torch

        return get_pair_truth(torch.stack([self.keys[role] for role in "abn"]), self.keys["plain"])


def _info_nce(view: View) -> "Tensor":
    own = view.own_keys("own_first", "own_second")
    z = view.logits(view.join(*PHOTO_ROLES), view.join("own_first", "own_second"))
    return info_nce(z, find_twins(own, own))


def _neg_clip(view: View) -> "Tensor":
    photos = view.join(*PHOTO_ROLES)
    hard = view.logits(photos, view.join("hard_first", "hard_second"))
    own = view.own_keys("own_first", "own_second")
    hard_twins = find_twins(own, view.own_keys("hard_first", "hard_second"))
    z = view.logits(photos, view.join("own_first", "own_second"))
    return neg_clip(z, hard, find_twins(own, own), hard_twins)


def _mask(view: View) -> "Tensor":
    return masked_multi_positive(
        view.logits(view.join(*PHOTO_ROLES), view.join("a", "b", "n")), *view.truth()
    )


def _rank(view: View) -> "Tensor":
    return pair_ranking(*(view.own(photo, text) for photo in PHOTO_ROLES for text in "an"))


def _keep(view: View) -> "Tensor":
    photo, text, photo_base, text_base = (
        view.features[role] for role in ("first", "plain", "base:first", "base:plain")
    )
    z, z_base = view.logits(photo, text), view.logits(photo_base, text_base)
    return keep_base(z, z_base, photo, photo_base, text, text_base)


def _triplet(view: View) -> "Tensor":
    ia, i_n, ja, jn = (view.logits(photo, text) for photo in PHOTO_ROLES for text in "an")
    return triplet_clip(ia, i_n, ja, jn, view.twins())


def _con_clip(view: View) -> "Tensor":
    ia, i_n, ja, jn = (view.logits(photo, text) for photo in PHOTO_ROLES for text in "an")
    return con_clip(ia, i_n, ja, jn, view.twins())


def _sigmoid(view: View) -> "Tensor":
    z = view.logits(view.join(*PHOTO_ROLES), view.join("a", "b", "n"))
    return masked_sigmoid(z, view.bias, *view.truth())


def _preference(view: View) -> "Tensor":
    import torch

    def margins(reference: str) -> "Tensor":
        names = [
            view.own(f"{reference}{photo}", f"{reference}{text}") for photo in PHOTO_ROLES for text in "an"
        ]
        return torch.cat([names[0] - names[1], names[3] - names[2]])

    return preference(margins(""), margins("base:"))


def _choose(view: View) -> "Tensor":
    """Four answers a photo: its own right and wrong caption, and those of the next pair of the batch."""
    import torch

    rows = []
    for photo, right, wrong in (("first", "a", "n"), ("second", "n", "a")):
        feature = view.features[photo]
        answers = [view.features[right], view.features[wrong]]
        answers += [answer.roll(-1, dims=0) for answer in answers]
        z = view.temperature * torch.stack([(feature * answer).sum(dim=1) for answer in answers], dim=1)
        own = view.keys[right]  # the next pair's caption may be true here as well
        same = [own.roll(-1) == own, view.keys[wrong].roll(-1) == own]
        rows.append(torch.cat([z[:, :2], drop_cells(z[:, 2:], torch.stack(same, dim=1))], dim=1))
    return multiple_choice(torch.cat(rows))


def _follow(view: View) -> "Tensor":
    roles = [*PHOTO_ROLES], ["a", "b", "n"]
    photo, photo_teacher, text, text_teacher = (
        view.join(*(f"{reference}{role}" for role in names))
        for names in roles
        for reference in ("", "teacher:")
    )
    return follow_teacher(photo, photo_teacher, text, text_teacher)


@dataclass(frozen=True)
class Term:
    """One loss: what it is, what computes it, and the captions that it reads.

    within_pairs: whether it compares the photos or captions of one pair. needs_bias: whether the
    weights need SigLIP's logit_bias. reference: what it asks of a reference model, `base:` the
    untuned one or `teacher:` the moving average. pool: what it reads of a batch of the pool
    (`unscene.training.pool_texts`), `captions` among it; such a term reads no pairs. pool_base:
    whether it needs the untuned model's features of these captions.
    """

    doc: str
    compute: Callable[[View], "Tensor"]
    texts: tuple[str, ...]
    within_pairs: bool = True
    needs_bias: bool = False
    reference: tuple[str, ...] = ()
    pool: tuple[str, ...] = ()
    pool_base: bool = False


def _of_pool(doc: str, compute: Callable[[PoolView], "Tensor"], *parts: str, pool_base: bool = False) -> Term:
    """Return a term on the pool."""
    return Term(doc, lambda view: compute(view.pool), (), within_pairs=False, pool=parts, pool_base=pool_base)


TERMS = {
    "infonce": Term("CLIP's own loss.", _info_nce, ("own_first", "own_second"), within_pairs=False),
    "negclip": Term(
        "CLIP's loss with hard negative captions.",
        _neg_clip,
        ("own_first", "own_second", "hard_first", "hard_second"),
        within_pairs=False,
    ),
    "mask": Term("Several positives a photo, cells of unknown truth left out.", _mask, ("a", "b", "n")),
    "rank": Term("Ranking within a pair.", _rank, ("a", "n")),
    "keep": Term(
        "Distillation from the untuned model on originals and plain captions, against forgetting.",
        _keep,
        ("plain",),
        within_pairs=False,
        reference=("base:first", "base:plain"),
    ),
    "triplet": Term("TripletCLIP.", _triplet, ("a", "n")),
    "conclip": Term("CoN-CLIP's form.", _con_clip, ("a", "n")),
    "siglip": Term(
        "SigLIP's loss with masks; for weights that have its bias.",
        _sigmoid,
        ("a", "b", "n"),
        needs_bias=True,
    ),
    "dpo": Term(
        "DPO's form within a pair.",
        _preference,
        ("a", "n"),
        reference=("base:first", "base:second", "base:a", "base:n"),
    ),
    "mcq": Term("Choice of the right among four captions.", _choose, ("a", "n")),
    "teacher": Term(
        "Distance to the moving average of the model itself; needs `ema_decay`.",
        _follow,
        ("a", "b", "n"),
        reference=("teacher:first", "teacher:second", "teacher:a", "teacher:b", "teacher:n"),
    ),
    "across_bare": _of_pool("Denials and assertions of an object, across photos.", contrast_bare, "bare"),
    "across_scene": _of_pool(
        "Captions with a denial or an assertion: across photos, on their own photo, and which photo it is.",
        contrast_scenes,
        "captions",
        "scene",
    ),
    "across_query": _of_pool(
        "Queries for one thing without another, across photos.", contrast_queries, "query"
    ),
    "pool_keep": _of_pool(
        "Captions of the pool stay what the untuned model makes of them.",
        keep_captions,
        "captions",
        pool_base=True,
    ),
    "pool_infonce": _of_pool("CLIP's own loss on the pool.", match_captions, "captions"),
    "text_teacher": _of_pool(
        "Denials of nouns that no label covers follow the untuned model's own direction of the noun.",
        teach_nouns,
        "captions",
        "taught",
        pool_base=True,
    ),
}


def list_texts(loss: dict[str, float]) -> tuple[str, ...]:
    """Return the roles of the captions that a loss reads, in a fixed order."""
    wanted = {role for name in loss for role in TERMS[name].texts}
    return tuple(role for role in TEXT_ROLES if role in wanted)


def list_pool_parts(loss: Iterable[str], starts: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return what a loss reads of a batch of the pool, in a fixed order, and from which step on; nothing
    where it reads none. starts: the first step of each term, or the share of the steps before it; 0
    where it is not given.
    """
    first: dict[str, float] = {}
    for name in loss:
        for part in TERMS[name].pool:
            start = (starts or {}).get(name, 0)
            first[part] = min(start, first.get(part, start))
    return dict(sorted(first.items()))


def reads_pairs(loss: dict[str, float]) -> bool:
    """Tell whether any term of a loss reads pairs."""
    return any(not TERMS[name].pool for name in loss)


def list_references(loss: dict[str, float], reference: str) -> tuple[str, ...]:
    """Return the roles (without their prefix) that a loss reads of a reference model, `base` or
    `teacher`, in a fixed order.
    """
    wanted = {role for name in loss for role in TERMS[name].reference if role.startswith(f"{reference}:")}
    return tuple(sorted(role.partition(":")[2] for role in wanted))


def compute_terms(loss: dict[str, float], view: View) -> "tuple[Tensor, dict[str, Tensor]]":
    """Return (the weighted sum, each term without its weight)."""
    terms = {name: TERMS[name].compute(view) for name in loss}
    return sum(loss[name] * value for name, value in terms.items()), terms
