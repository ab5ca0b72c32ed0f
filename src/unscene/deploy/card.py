"""The model card: README.md of the deployed folder, with the front matter that model hubs read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from unscene.deploy.forms import Form
from unscene.deploy.parity import MAX_DIFFERENCE
from unscene.evaluation.pass_rule import UNTUNED
from unscene.report.cards import fill_card
from unscene.report.headline import EDITED, ORDINARY, Row, list_rows, tabulate, take_world, tell_changes
from unscene.report.numbers import count
from unscene.report.paper import to_markdown
from unscene.report.run import Run
from unscene.run.tables import write_text
from unscene.samples.readers import are_rendered
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

HELD_OUT = "the held-out folds"
# Licences by the names that hubs know; any other is `other` with its name.
HUB_LICENCES = {
    "agpl-3.0",
    "gpl-3.0",
    "apache-2.0",
    "mit",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc0-1.0",
}
HUB_LICENCES |= {"apple-amlr", "openrail", "openrail++", "creativeml-openrail-m"}


@dataclass(frozen=True)
class Facts:
    """What a card tells of.

    meta: the model's meta.json; empty of an untrained arm. licences: of each training pair's photo,
    null where its source says nothing. weights: rows `key path licence note`
    (unscene.plan.licences). is_frozen: whether the image tower is that of the base. width: values of
    an embedding. context: tokens that a text can have.
    """

    meta: dict
    licences: pd.Series
    weights: list[dict]
    is_frozen: bool
    width: int
    context: int

    @property
    def base(self) -> str:
        """The path of the base, as the config names it."""
        return next(row["path"] for row in self.weights if row["key"] == "train.clip")


def list_figures(run: Run, arm: str) -> list[tuple[str, list[Row]]]:
    """Return the figures of an arm as (what they are of, rows): ordinary photos, then edited pairs.
    A fresh world's photos stand for the ordinary ones: no arm was chosen on them.
    """
    ordinary, place = list_rows(run.summary, run.comparison, ORDINARY, arm), HELD_OUT
    if world := run.settings["evaluate"].get("world"):
        of_world = take_world(run.set_summary, run.sets, world["name"])
        if found := list_rows(*of_world, ORDINARY, arm):
            ordinary, place = found, f"a fresh world, {count(world['photos'])} of them"
    edited = list_rows(run.summary, run.comparison, EDITED, arm)
    return [(f"ordinary photos of {place}", ordinary), (f"edited pairs of {HELD_OUT}", edited)]


def write_card(facts: Facts, run: Run, told: dict, forms: Sequence[Form], path: Path) -> None:
    """Write the card. run: with `summary comparison sets set_summary verdict`. told: parity.json's values."""
    arm = told["arm"]
    settings = run.settings
    blocks = list_figures(run, arm)
    text = fill_card(
        "model.md.j2",
        front_matter=make_front_matter(facts, settings, blocks, arm),
        arm=arm,
        base=facts.base,
        frozen=facts.is_frozen and bool(facts.meta),
        trained=bool(facts.meta),
        drawn=are_rendered(_list_sources(settings)),
        pairs=count(facts.meta.get("pairs", 0)),
        width=facts.width,
        forms=[_describe_form(form, told["tuned"][form.name]) for form in forms],
        verdict=run.verdict["sentence"],
        alarms=[alarm["sentence"] for alarm in run.verdict["alarms"]],
        undecided=run.verdict["alarms_not_decided"],
        expected=_tell_expected(facts),
        arithmetic=told["query_arithmetic"],
        blocks=[
            {"title": title[0].upper() + title[1:], "table": to_markdown(tabulate(rows, arm)).strip()}
            for title, rows in blocks
            if rows
        ],
        reference=UNTUNED,
        confidence=f"{100 * settings['evaluate']['confidence']:g}",
        changes=tell_changes([row for _, rows in blocks for row in rows], arm),
        sources=_tell_sources(settings),
        licences=_count_licences(facts.licences),
        weights=facts.weights,
        training=_list_training(facts.meta),
        limits=_list_limits(facts, find_vocabulary(settings), told),
    )
    write_text(text, path)


def make_front_matter(
    facts: Facts, settings: dict, blocks: Sequence[tuple[str, Sequence[Row]]], arm: str
) -> str:
    """Return the YAML head: what a hub shows, filters and ranks by. blocks: see `list_figures`."""
    from huggingface_hub import EvalResult, ModelCardData

    licence = next(row["licence"] for row in facts.weights if row["key"] == "train.clip")
    known = licence.lower() in HUB_LICENCES
    results = [
        EvalResult(
            task_type="zero-shot-image-classification",
            dataset_type="unscene",
            dataset_name=title,
            dataset_config=title.partition(" of ")[0],  # results that differ in less are taken together
            metric_type=row.figure.metric,
            metric_name=row.figure.name,
            metric_value=round(row.values[arm]["mean"], 4),
        )
        for title, rows in blocks
        for row in rows
        if arm in row.values
    ]
    return ModelCardData(
        language="en",
        license=licence.lower() if known else "other",
        license_name=None if known else licence,
        library_name="open_clip",
        pipeline_tag="zero-shot-image-classification",
        tags=["clip", "negation", "transformers", "sentence-transformers", "onnx", "unscene"],
        base_model=settings["deploy"]["base_model"] or facts.base,
        datasets=settings["deploy"]["datasets"] or [source["name"] for source in _list_sources(settings)],
        model_name=f"unscene-{arm}",
        eval_results=results or None,
    ).to_yaml()


def _describe_form(form: Form, told: dict) -> dict:
    """Return `name doc difference as_they_are obstacle` of a form as the card's table has it."""
    obstacle = told.get("not_possible")
    difference = (
        obstacle is None and f"{told['max_difference_photos']:.1e}, {told['max_difference_texts']:.1e}"
    )
    whole = told.get("photos_as_they_are", {}).get("max_difference_photos", 0)
    return {
        "name": form.name,
        "doc": form.doc,
        "difference": difference,
        "obstacle": obstacle,
        "as_they_are": f"{whole:.2g}",
    }


def _tell_expected(facts: Facts) -> str:
    if not facts.meta:
        return "The scores are those of this very model."
    return (
        "This model was trained on all pairs, so no pair is left to test it on. The scores are those of"
        " models of the same arm, each tested on photos that it had not seen: what to expect of this one."
    )


def _list_sources(settings: dict) -> list[dict]:
    return [*settings["samples"]["sources"], *settings["samples"]["pools"]]


def _tell_sources(settings: dict) -> str:
    told = [
        f"`{one['name']}` (format `{one['format']}`, {count(one['photos'])})"
        for one in _list_sources(settings)
    ]
    return f"Sources of photos: {', '.join(told)}."


def _count_licences(licences: pd.Series) -> list[tuple[str, str]]:
    counts = licences.fillna("not stated by the source").value_counts()
    return [(str(name), count(number)) for name, number in counts.items()]


def _list_training(meta: dict) -> list[tuple[str, str]]:
    told = {**meta.get("train_settings", {}), **meta.get("arm_settings", {})}
    told |= {key: meta[key] for key in ("pairs", "pool_photos", "precision", "device", "seed") if key in meta}
    return [(name, _write_value(value)) for name, value in told.items()]


def _write_value(value: Any) -> str:
    return (
        ", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, dict) else str(value)
    )


def _list_limits(facts: Facts, words: Vocabulary, told: dict) -> list[str]:
    limits = [f"A text is cut after {facts.context} tokens."]
    if denied := facts.meta.get("denied"):
        limits.append(
            f"Training denied {len(denied)} of the {len(words)} words of its list: {', '.join(denied)}."
            " Denials of other objects were not taught."
        )
    limits.append("All captions are English. No other language was tested.")
    limits += [
        f"`{name}/`: {one['photos_as_they_are']['why']}. On {told['photos']} photos of the run embeddings"
        f" moved by up to {one['photos_as_they_are']['max_difference_photos']:.2g}."
        for name, one in told["tuned"].items()
        if one.get("photos_as_they_are", {}).get("max_difference_photos", 0) > MAX_DIFFERENCE
    ]
    return limits
