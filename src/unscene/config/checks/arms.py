"""Contradictions within an arm of train.arms."""

from collections.abc import Iterator

from unscene.evaluation.pass_rule import CHANCE
from unscene.run.configuration import keeps_features, shows_sham
from unscene.training.objectives import TERMS, list_references


def check_arm(name: str, arm: dict) -> Iterator[str]:
    """Say which parts of an arm contradict each other. An empty arm is not trained."""
    key = f"train.arms.{name}"
    if name == CHANCE:
        yield f"{key}: contrasts call so what a model that knows nothing scores; give the arm another name"
    if not arm:
        return
    if "of" in arm and arm.keys() != {"query_weight", "of"}:
        yield f"{key}: of names a trained arm; beside it stands query_weight and nothing else"
        return
    if arm.keys() <= {"query_weight", "of"}:
        return
    if "loss" not in arm:
        yield f"{key}: it has no loss; an untuned arm is {{}} or has query_weight alone"
        return
    within = [name for name in arm["loss"] if TERMS[name].within_pairs]
    if arm["images"] == "originals" and (arm["batches"] != "random" or within):
        yield (
            f"{key}: images: originals has no edits, so it needs batches: random and no loss within pairs "
            f"({', '.join(within) or 'batches: ' + arm['batches']})"
        )
    if within and (arm["batches"] == "random" or arm["texts"] != "negated"):
        yield (
            f"{key}: loss: {', '.join(within)} compares within pairs; it needs batches: paired or similar and"
            " texts: negated"
        )
    if arm["batches"] == "random" and arm["images"] not in ("originals", "both"):
        yield f"{key}: images: {arm['images']} needs batches: paired or similar"
    if bool(list_references(arm["loss"], "teacher")) != ("ema_decay" in arm):
        yield f"{key}: a loss with a teacher and ema_decay need each other"
    unlocked = arm.get("unlocked", {})
    if arm.get("freeze") in unlocked:
        yield f"{key}: unlocked.{arm['freeze']} and freeze: {arm['freeze']} exclude each other"
    if unlocked and "lora_rank" in arm:
        yield f"{key}: unlocked and lora_rank exclude each other: adapters are in all layers"
    if arm.get("pairs") == "unfiltered" and shows_sham(arm):
        yield (f"{key}: pairs: unfiltered has no sham edits; give it images: both, swapped or originals")
    on_pool = [name for name in arm["loss"] if TERMS[name].pool]
    if bool(on_pool) != ("pool" in arm):
        yield (
            f"{key}: pool and a loss on it need each other ({', '.join(on_pool) or 'no term of the loss is'})"
        )
    for name in ("pool_limit", "pool_labels"):
        if name in arm and "pool" not in arm:
            yield f"{key}: {name} says something of a pool; it needs pool"
    if "nouns" in arm and "text_teacher" not in arm["loss"]:
        yield f"{key}: nouns are told of by text_teacher; give the loss that term"
    if arm.get("jpeg") and keeps_features(arm):
        yield (
            f"{key}: jpeg changes photos from step to step; freeze: image with views: whole embeds each once."
            " Leave out views"
        )
    if "lora_rank" in arm and "ema_decay" in arm:
        yield (f"{key}: lora_rank and ema_decay exclude each other: the average is over whole weights")
