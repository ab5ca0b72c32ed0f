"""What a model is asked on an evaluation set: choices, retrieval, objects, removals, classes. Paths
are of photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd


class SetError(ValueError):
    """An evaluation set that cannot be read; the message names it."""


@dataclass(frozen=True)
class ChoiceTask:
    """Photos with options of which one is true.

    table: `item photo options answer kind option_kinds`, a row a question; options: list of texts;
    answer: position of the true one; kind: what is reported apart (a subset, the type of the right
    answer); option_kinds: type of each option or None.
    """

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True)
class RetrievalTask:
    """Photos with captions: ids and paths (photos,), captions: a list a photo."""

    ids: Sequence[str]
    paths: Sequence[Path]
    captions: Sequence[Sequence[str]]

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class ObjectTask:
    """Photos of which it is known what is on them.

    has, lacks: bool (photos, categories), known to be there, known not to be there. captions: those
    of each photo, in which scenes are found; empty lists where the set names none.
    """

    ids: Sequence[str]
    paths: Sequence[Path]
    has: np.ndarray
    lacks: np.ndarray
    categories: Sequence[str]
    captions: Sequence[Sequence[str]]

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class RemovalTask:
    """Photos before and after a removal, and objects that are asked for in both.

    table: `item original edited category removed present`, a row a question on an edited photo.
    removed: the edit took this object; present: the object is in the edited photo. originals:
    `original category present`, the questions on originals.
    """

    table: pd.DataFrame
    originals: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True)
class ClassTask:
    """Photos of one class each. class_at (photos,): position in classes. templates: with {} for the
    class's name.
    """

    paths: Sequence[Path]
    class_at: np.ndarray
    classes: Sequence[str]
    templates: Sequence[str]
    scratch: object = field(default=None, compare=False)  # keeps unpacked photos alive

    def __len__(self) -> int:
        return len(self.paths)


Task = ChoiceTask | RetrievalTask | ObjectTask | RemovalTask | ClassTask
