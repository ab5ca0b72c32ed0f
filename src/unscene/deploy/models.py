"""A loaded CLIP with all that a form is made from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unscene.clip.models import CONFIG_NAME, load_clip


@dataclass(frozen=True)
class Model:
    """A CLIP as open_clip loads it.

    folder: its open_clip folder. network: in eval mode. config: open_clip's `model_cfg`, as the
    folder has it. preprocess_cfg: open_clip's, complete; `size` is [height, width].
    """

    folder: Path
    network: Any
    preprocess: Any
    tokenizer: Any
    config: dict
    preprocess_cfg: dict

    @property
    def context(self) -> int:
        """The number of tokens that the text tower reads."""
        return self.tokenizer.context_length


def load_model(folder: str | Path) -> Model:
    """Load an open_clip folder on the CPU. Raises ClipError when it is none."""
    folder = Path(folder)
    network, preprocess, tokenizer = load_clip(folder)
    from open_clip.model import get_model_preprocess_cfg

    told = get_model_preprocess_cfg(network)
    size = [told["size"]] * 2 if isinstance(told["size"], int) else list(told["size"])
    config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))["model_cfg"]
    return Model(folder, network, preprocess, tokenizer, config, {**told, "size": size})
