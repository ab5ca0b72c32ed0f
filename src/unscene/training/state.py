"""The state of an unfinished training, so that a killed run goes on from its last saved step.

It lies under `state/`, never among a rule's outputs, which Snakemake deletes when a job fails. What
it belongs to (lineage, data, number format, processes) is written in it: a state of anything else
is not used. The digest of the lineage stands beside it as well, for whoever copies it.
"""

import json
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from unscene.run.tables import replaced_atomically, write_text

if TYPE_CHECKING:
    import torch


MODELS, STATES = Path("results/models"), Path("state/train")


def name_state(model: str | Path) -> Path:
    """Return where the state of the training of a model's folder lies."""
    return Path(f"{model}.pt".replace(str(MODELS), str(STATES), 1))


def name_stamp(state: Path) -> Path:
    """Return the file beside a state that has the digest of its lineage."""
    return state.with_suffix(".lineage")


class StateFile:
    """Saves and restores modules, the optimizer and the loss curve of one training.

    belongs_to: what must be equal for a state to be used, as JSON values, `lineage` among them.
    save_seconds: time between two saves; 0 saves every step.
    """

    def __init__(self, path: str | Path, belongs_to: dict, save_seconds: float):
        self._path = Path(path)
        self._key = json.dumps(belongs_to, sort_keys=True)
        self._digest = belongs_to["lineage"]
        self._save_seconds, self._saved_at = save_seconds, time.monotonic()

    def restore(
        self, modules: "dict[str, torch.nn.Module]", optimizer: "torch.optim.Optimizer"
    ) -> tuple[int, list]:
        """Load what was saved into the modules and the optimizer; return (steps done, rows of the
        loss curve), or (0, []).
        """
        import torch

        if not self._path.is_file():
            return 0, []
        logger = logging.getLogger("unscene")
        try:
            state = torch.load(self._path, map_location="cpu", weights_only=True)
        except Exception as error:  # a torn or foreign file: what torch raises on it is not documented
            logger.warning("%s cannot be read (%s): training starts from the beginning", self._path, error)
            return 0, []
        if state.get("key") != self._key:
            logger.info("%s belongs to another training: starting from the beginning", self._path)
            return 0, []
        for name, module in modules.items():
            module.load_state_dict(state["modules"][name])
        optimizer.load_state_dict(state["optimizer"])
        logger.info("going on after step %d of %s", state["step"], self._path)
        return state["step"], list(state["rows"])

    def save(
        self, step: int, modules: "dict[str, torch.nn.Module]", optimizer: "torch.optim.Optimizer", rows: list
    ) -> bool:
        """Write the state after `step` steps when it is time to; return whether it was written."""
        if time.monotonic() - self._saved_at < self._save_seconds:
            return False
        import torch

        state = {
            "key": self._key,
            "step": step,
            "optimizer": optimizer.state_dict(),
            "modules": {name: module.state_dict() for name, module in modules.items()},
            "rows": torch.stack(rows).cpu(),
        }
        write_text(f"{self._digest}\n", name_stamp(self._path))
        with replaced_atomically(self._path) as temporary:
            torch.save(state, temporary)
        self._saved_at = time.monotonic()
        return True

    def clear(self) -> None:
        """Remove the state: its training is done."""
        self._path.unlink(missing_ok=True)
        name_stamp(self._path).unlink(missing_ok=True)
