"""The methods and results section of a paper: what a reviewer needs to do the work again, with every
number filled in from the run's own settings and tables.

Citations are `[@key]`, keys of `resources/references.bib`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from unscene.answers.backends import BACKENDS
from unscene.edits.removers import REMOVERS
from unscene.evaluation.wise_ft import MAX_LOSS
from unscene.quality.scores import THRESHOLDS
from unscene.report.numbers import count, interval, p_value, percent, points, short
from unscene.report.terms import describe_arm
from unscene.run.configuration import is_trained, list_sources
from unscene.run.counts import tell_count
from unscene.samples.readers import READERS, is_rendered

# What a policy asks of an edit beside the thresholds that it takes from the config.
BY_POLICY = {
    "fixed": "",
    "calibrated": ", and of the other scores the cut that controls gave",
    "certified": ", and a learned head gave it the probability from which labels certify it",
}


@dataclass(frozen=True)
class Found:
    """What the section reads of a run.

    pairs: the accepted pairs. comparison: as compare_arms writes it. verdict: the pass rule's
    sentence. check: check.json of the folds. writers: who wrote the pairs' captions, as
    `count_writers` has them. changes: sentences on what got worse and what better, as the
    report's head has them. versions: library -> version, as the jobs' logs have them. weights: key
    of the config -> name of the file or folder. detector: how the kind of masks.weights is cited.
    """

    pairs: pd.DataFrame
    comparison: pd.DataFrame
    verdict: str
    check: Mapping
    writers: Sequence[dict]
    changes: Sequence[str]
    versions: Mapping[str, str]
    weights: Mapping[str, str]
    detector: str = ""


def describe_methods(settings: Mapping, found: Found) -> list[str]:
    """Return the paragraphs, each opened by its heading; embedded scenes are named as such, first of all.

    settings: the config's blocks that `write_paper` declares.
    """
    paragraphs = [
        _describe_data(settings, found),
        _describe_words(settings),
        _describe_masks(settings["masks"], found),
        _describe_removal(settings["edits"], found.weights),
        _describe_captions(settings, found.writers),
        _describe_quality(settings["quality"], found.weights),
        _describe_training(settings, found.weights),
        _describe_evaluation(settings["evaluate"]),
        _describe_software(found.versions),
        _describe_result(settings["deploy"]["arm"], found),
    ]
    if any(map(is_rendered, list_sources(settings))):
        paragraphs.insert(
            0,
            "Simulated: drawn scenes and small weights. These numbers check the code; they are no evidence "
            "about CLIP.",
        )
    return paragraphs


def _describe_data(settings: Mapping, found: Found) -> str:
    pairs, anew = found.pairs, ""
    if len(settings["train"]["seeds"]) > 1:
        anew = ", anew for each training seed"
    named = ", ".join(
        " ".join(filter(None, (source["name"], READERS[source["format"]].cited)))
        for source in list_sources(settings)
    )
    return (
        f"Data. {tell_count(len(pairs), 'pair')} of an original photo and its edit without one object, from "
        f"{tell_count(pairs['group'].nunique(), 'group')} of photos and "
        f"{tell_count(pairs['category'].nunique(), 'category', 'categories')} ({named}). "
        "Groups join photos of one source, one page or near-equal perceptual hash. "
        f"They were split into {settings['folds']['folds']} folds, stratified by category{anew}. An "
        "original, its edit and its controls share a fold. "
        f"{_describe_guards(settings['folds']['leak_guards'], found.check)}"
    )


def _describe_words(settings: Mapping) -> str:
    keywords = settings["keywords"]
    if BACKENDS[keywords["backend"]].is_paid:
        return (
            f"Words. The model {settings['api']['model']} named the words of the vocabulary "
            f"{settings['words']} that each caption mentions, "
            f"{tell_count(keywords['captions_per_prompt'], 'caption')} in a prompt, in the schema "
            "that was sent with it."
        )
    return (
        f"Words. A lexicon of the vocabulary {settings['words']} found the words that each caption mentions; "
        "no language model was asked."
    )


def _describe_masks(masks: Mapping, found: Found) -> str:
    model = "; ".join(filter(None, (found.weights.get("masks.weights", "none"), found.detector)))
    return (
        f"Masks. A segmentation model ({model}) ran at {masks['image_size']} px. An object was wanted "
        "when a caption names it and an instance has a confidence of at least "
        f"{masks['target_confidence']:g}. Instances of the same category from "
        f"{masks['collect_confidence']:g} on joined its mask, which was widened by "
        f"{masks['dilation_px']} px. Masks below {percent(masks['min_area'])} or above "
        f"{percent(masks['max_area'], 0)} of the photo were not used, and at most "
        f"{count(masks['edits_per_photo'])} edit was made of a photo."
    )


def _describe_removal(edits: Mapping, weights: Mapping[str, str]) -> str:
    backend = REMOVERS[edits["backend"]]
    told = f"Removal. Objects were painted away by {backend.method or backend.name}"
    if "edits.weights" in weights:
        told += f" ({weights['edits.weights']})"
    if "steps" in backend.keys:
        told += (
            f", {count(edits['steps'])} steps at {count(edits['size'])} px of a crop around the mask, "
            f"guidance {edits['guidance']:g}, prompt \u201c{edits['prompt']}\u201d"
        )
    return (
        f"{told}; a second attempt had another seed and a mask widened {edits['retry_dilation']:g} times. "
        "Outside the mask every pixel is the original's."
        if edits["attempts"] > 1
        else f"{told}. Outside the mask every pixel is the original's."
    )


def _describe_captions(settings: Mapping, writers: Sequence[dict]) -> str:
    told = [f"{row['writer'].replace('`', '')} ({percent(row['share'])})" for row in writers if row["count"]]
    written = f"The captions without the object were written by {'; '.join(told)}." if told else ""
    kept = "Two were kept of an edit: one that does not name the object, and one that denies it."
    return f"Captions. {written} {kept}"


def _describe_quality(quality: Mapping, weights: Mapping[str, str]) -> str:
    policy = quality["policy"]
    limits = [
        f"{key.replace('_', ' ')} {value if isinstance(value, str) else short(value)}"
        for key, value in quality["thresholds"].items()
        if value is not None and (policy == "fixed" or THRESHOLDS[key].score.is_invariant)
    ]
    judge = weights.get("quality.judge", "no detector")
    return (
        f"Quality. {judge} judged each edit; one was accepted when every measured score kept its limit "
        f"(policy {policy}: {', '.join(limits)}){BY_POLICY[policy]}. {count(quality['controls'])} controls "
        "of each kind, whose right answer is known, tell what the limits catch."
    )


def _describe_training(settings: Mapping, weights: Mapping[str, str]) -> str:
    train, evaluate = settings["train"], settings["evaluate"]
    arms = [
        f"{name}: {describe_arm(arm)}." for name, arm in settings["train"]["arms"].items() if is_trained(arm)
    ]
    return (
        f"Training. CLIP [@radford2021clip] as open_clip [@ilharco2021openclip] has it, weights "
        f"{weights.get('train.clip', 'none')}. Unless said otherwise every arm starts from the same weights "
        f"and sees the same photos in {count(train['steps'])} updates of {count(2 * train['batch_pairs'])} "
        f"photos ({count(train['batch_pairs'])} pairs). The optimizer is AdamW [@loshchilov2019adamw] (betas "
        f".9 and .98, eps 1e-6, weight decay {train['weight_decay']:g}). The learning rate has its peak of "
        f"{train['learning_rate']:g} after {count(train['warmup_steps'])} updates of linear warm-up, and "
        "decays to zero by a cosine. The gradient norm is clipped at 1. Each arm and fold has "
        f"{_list_seeds(train['seeds'])}. The arms, their losses as weighted sums of the terms in "
        f"docs/TRAINING.md: {' '.join(arms)} Arms with negated captions tell an "
        f"original by a true negation of another object with probability {train['true_negations']:g}, so "
        f"that negation alone says nothing.{_describe_held_out(train, evaluate)}"
    )


def _describe_evaluation(evaluate: Mapping) -> str:
    return (
        "Evaluation. A held-out pair has its text score when both photos prefer their own caption. It "
        "has its image score when both captions prefer their own photo, and its group score when all of this "
        "holds (chance 1/4, 1/4, 1/6 [@thrush2022winoground]). Ties count as wrong. Seeds are averaged "
        f"within a pair. Intervals ({percent(evaluate['confidence'], 0)}): cluster bootstrap over photo "
        f"groups within folds, {count(evaluate['bootstrap_draws'])} draws, and the corrected t-test on the "
        "fold means [@nadeau2003inference], for overlapping training sets. A difference is claimed when both "
        "exclude zero. Holm's adjustment [@holm1979simple] covers the primary contrasts."
    )


def _describe_software(versions: Mapping[str, str]) -> str:
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"Software. A Snakemake workflow [@molder2021snakemake]; {named or 'versions were not logged'}."


def _describe_result(main: str, found: Found) -> str:
    primary = found.comparison[found.comparison["is_primary"].astype(bool)]
    results = [_describe_contrast(row) for row in primary.to_dict("records")]
    told = " ".join(results) if results else f"No primary contrast of {main} was measured."
    return f"Result. {' '.join([*found.changes, told, found.verdict])}"


def _describe_contrast(row: dict) -> str:
    return (
        f"{row['contrast']}: {points(row['difference'])} points (bootstrap "
        f"{interval(row['low'], row['high'], signed=True)}; corrected t "
        f"{interval(row['corrected_t_low'], row['corrected_t_high'], signed=True)}, Holm p "
        f"{p_value(row['holm_p'])}; {count(row['n'])} pairs; a true difference of "
        f"{points(row['detectable'])} would have been found with power .8)."
    )


def _describe_guards(guards: Sequence[dict], check: dict) -> str:
    if not guards:
        return "No evaluation set was guarded against leaks."
    return (
        f"{count(check['photos_in_evaluation_sets'])} photos are in one of the guarded evaluation sets "
        f"({', '.join(guard['name'] for guard in guards)}), by id or perceptual hash; their groups, "
        f"{count(check['pairs_kept_out_of_training'])} pairs, were tested on and never trained on."
    )


def _describe_held_out(train: dict, evaluate: dict) -> str:
    """Return what was held out besides the folds: the inner validation with the choice of alpha,
    and categories.
    """
    sentences = []
    if train["inner_share"]:
        sentences.append(
            f"{percent(train['inner_share'], 0)} of the photo groups, the inner validation, were trained on "
            "by no model of a fold."
        )
    if evaluate["alphas"]:
        sentences.append(
            "WiSE-FT (Wortsman et al. 2022) took weights between untuned and tuned at α = "
            f"{', '.join(f'{alpha:g}' for alpha in sorted(evaluate['alphas']))}. The inner validation chose "
            "those with the best group score among those that lose at most "
            f"{points(MAX_LOSS).lstrip('+')} point of recall at 1 there."
        )
    if train["class_folds"]:
        sentences.append(
            f"For unseen categories, {', '.join(train['class_folds'])} was also trained without any removal "
            "of the categories of a fold, and tested on these."
        )
    return "".join(f" {sentence}" for sentence in sentences)


def _list_seeds(seeds: Sequence[int]) -> str:
    return tell_count(len(seeds), "training seed")
