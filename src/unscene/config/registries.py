"""The registries of what a config can choose by name, as the schema, the manual and the checks see them.

Each room keeps its registry; here they are one shape. A registry imports nothing heavy, so reading
all is quick.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """An entry of a registry. needs, allows: the keys that go with it, beside those that all entries have."""

    name: str
    doc: str
    needs: tuple[str, ...] = ()
    allows: tuple[str, ...] = ()
    schema: dict | None = None  # of a choice that is a key itself


def _list_backends(stage: str) -> Iterable[Choice]:
    from unscene.answers.backends import BACKENDS

    return (Choice(one.name, one.doc) for one in BACKENDS.values() if stage in one.stages)


def _list_readers() -> Iterable[Choice]:
    from unscene.samples.readers import READERS

    return (Choice(one.name, one.doc, one.needed, one.allowed) for one in READERS.values())


def _list_detectors() -> Iterable[Choice]:
    from unscene.masks.detectors import DETECTORS

    for one in DETECTORS.values():
        doc = f"{one.doc} The path is that of {one.weights}. Licence of most: {one.licence}."
        yield Choice(one.name, doc, allows=one.keys)


def _list_removers() -> Iterable[Choice]:
    from unscene.edits.removers import REMOVERS

    for one in REMOVERS.values():
        weights = f" `weights` names {one.weights}." if one.weights else ""
        doc = f"{one.doc}{weights} Licence: {one.licence}."
        yield Choice(one.name, doc, one.needed, one.optional + one.further)


def _list_thresholds() -> Iterable[Choice]:
    from unscene.quality.scores import FROM_CONTROLS, THRESHOLDS

    for key, one in THRESHOLDS.items():
        bound = "At least" if one.side == "min" else "At most"
        doc = f"{bound} so much of `{one.score.name}` ({one.score.unit}): {one.score.doc}."
        schema: dict = {"type": ["number", "null"]}
        if one.strictest is not None:
            doc += f" `{FROM_CONTROLS}`: the cut that the run's controls give."
            schema = {"anyOf": [schema, {"const": FROM_CONTROLS}]}
        yield Choice(key, doc, schema=schema)


def _list_terms() -> Iterable[Choice]:
    from unscene.training.objectives import TERMS

    return (Choice(name, term.doc) for name, term in TERMS.items())


def _list_word_lists() -> Iterable[Choice]:
    from unscene.words.word_lists import WORD_LISTS

    return (Choice(one.name, one.title) for one in WORD_LISTS.values())


def _list_sets() -> Iterable[Choice]:
    from unscene.evaluation.sets.formats import FORMATS

    return (Choice(name, one.doc, one.needs, one.allows) for name, one in FORMATS.items())


def _list_roles() -> Iterable[Choice]:
    from unscene.evaluation.sets.formats import ROLES

    return (Choice(name, doc) for name, doc in ROLES.items())


def _list_forms() -> Iterable[Choice]:
    from unscene.deploy.forms import FORMS

    return (Choice(name, form.doc) for name, form in FORMS.items())


REGISTRIES: dict[str, Callable[[], Iterable[Choice]]] = {
    "word_lists": _list_word_lists,
    "detectors": _list_detectors,
    "readers": _list_readers,
    "removers": _list_removers,
    "keyword_backends": lambda: _list_backends("keywords"),
    "caption_backends": lambda: _list_backends("captions"),
    "roles": _list_roles,
    "sets": _list_sets,
    "terms": _list_terms,
    "forms": _list_forms,
    "thresholds": _list_thresholds,
}


def list_choices(registry: str) -> list[Choice]:
    """Return the entries of a registry, in its order."""
    return list(REGISTRIES[registry]())
