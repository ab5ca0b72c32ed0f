"""The forms in which a model is deployed. An entry says all about itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from unscene.deploy.models import Model


class FormError(ValueError):
    """A model cannot take a form; the message says why."""


class Client(Protocol):
    """A form as its own library loads it."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return normalised features (texts, dim)."""

    def embed_photos(self, photos: Sequence) -> np.ndarray:
        """Return normalised features (photos, dim) of PIL images."""


@dataclass(frozen=True)
class Form:
    """A form of a model: a folder of its name.

    find_obstacle: why a model cannot take the form, or None. write: into an empty folder; FormError
    when an obstacle shows only then. load: the
    folder as its own library reads it. crops_otherwise: how that library prepares a photo that is
    not square, where this differs from the way in which the model was evaluated. needs: a form that
    is written before, since this one is made of its files.
    """

    name: str
    doc: str
    find_obstacle: Callable[[Model], str | None]
    write: Callable[[Model, Path], None]
    load: Callable[[Path], Client]
    crops_otherwise: str = ""
    needs: str | None = None


def _find_none(model: Model) -> None:
    return None


def _write_open_clip(model: Model, folder: Path) -> None:
    from unscene.deploy.open_clip_form import write_open_clip

    write_open_clip(model, folder)


def _load_open_clip(folder: Path) -> Client:
    from unscene.deploy.open_clip_form import OpenClip

    return OpenClip(folder)


def _find_transformers_obstacle(model: Model) -> str | None:
    from unscene.deploy.transformers_form import find_obstacle

    return find_obstacle(model)


def _write_transformers(model: Model, folder: Path) -> None:
    from unscene.deploy.transformers_form import write_transformers

    write_transformers(model, folder)


def _load_transformers(folder: Path) -> Client:
    from unscene.deploy.transformers_form import TransformersClip

    return TransformersClip(folder)


def _find_onnx_obstacle(model: Model) -> str | None:
    from unscene.deploy.onnx_form import find_obstacle

    return find_obstacle(model)


def _write_onnx(model: Model, folder: Path) -> None:
    from unscene.deploy.onnx_form import write_onnx

    write_onnx(model, folder)


def _load_onnx(folder: Path) -> Client:
    from unscene.serving.server.onnx_clip import OnnxClip

    return OnnxClip(folder, threads=1)


def _find_immich_obstacle(model: Model) -> str | None:
    from unscene.deploy.onnx_form import find_immich_obstacle

    return find_immich_obstacle(model)


def _write_immich(model: Model, folder: Path) -> None:
    from unscene.deploy.onnx_form import write_immich

    write_immich(model, folder)


def _load_immich(folder: Path) -> Client:
    from unscene.deploy.onnx_form import ImmichClip

    return ImmichClip(folder)


FORMS: dict[str, Form] = {
    one.name: one
    for one in (
        Form(
            "open_clip",
            "The folder that `open_clip` loads by `local-dir:`.",
            _find_none,
            _write_open_clip,
            _load_open_clip,
        ),
        Form(
            "transformers",
            "`CLIPModel`, its processor and a fast tokenizer; `sentence-transformers` loads it as well.",
            _find_transformers_obstacle,
            _write_transformers,
            _load_transformers,
            crops_otherwise=(
                "the middle of a photo is cut a pixel aside where an odd number of pixels is too many"
            ),
        ),
        Form(
            "onnx",
            "A file a tower, for `onnxruntime`, with a tokenizer file and `onnx_clip.py`.",
            _find_onnx_obstacle,
            _write_onnx,
            _load_onnx,
        ),
        Form(
            "immich",
            "The same files in the layout that Immich reads.",
            _find_immich_obstacle,
            _write_immich,
            _load_immich,
            crops_otherwise="Immich takes the middle square of every photo, whatever the model learned from",
            needs="onnx",
        ),
    )
}


def list_forms(names: Sequence[str] | None) -> list[Form]:
    """Return the forms that the config names, and those that they need, in the registry's order; all
    for None.
    """
    wanted = set(FORMS) if names is None else set(names)
    wanted |= {need for name in wanted if (need := FORMS[name].needs)}
    return [form for name, form in FORMS.items() if name in wanted]
