"""The first training of a run never ends: after its second saved step it waits until something kills it.

Python imports this at its start when the folder is in PYTHONPATH; it acts in jobs of training alone.
STAND_IN_MARK is a file that the first such job makes.
"""

import os
import sys
import time
from pathlib import Path

if "STAND_IN_MARK" in os.environ and sys.orig_argv[-1].endswith("train_clip.py"):
    from unscene.training.state import StateFile

    saved = StateFile.save
    mark = Path(os.environ["STAND_IN_MARK"])
    is_first = not mark.exists()

    def save_and_wait(self, step, *given):
        """Save, and after step 2 wait."""
        done = saved(self, step, *given)
        if is_first and step == 2:
            mark.write_text(os.environ["SLURM_JOB_ID"])
            time.sleep(3600)
        return done

    StateFile.save = save_and_wait
