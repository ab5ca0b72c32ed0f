"""Switches that keep the model libraries off the network: call `stay_offline` before any of them is imported.

Weights come by path; a library that quietly downloads or phones home would make a run unrepeatable.
"""

import os
import tempfile
from pathlib import Path

SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "true",
    "YOLO_OFFLINE": "1",
    "YOLO_AUTOINSTALL": "false",
    "ULTRALYTICS_SAFE_LOAD": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def stay_offline() -> None:
    """Set the switches in this process's environment, which its children inherit."""
    os.environ.update(SWITCHES)
    os.environ.pop("ULTRALYTICS_API_KEY", None)
    # ultralytics writes its settings at import; a folder of its own keeps the user's untouched.
    folder = Path(tempfile.gettempdir()) / f"unscene-ultralytics-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(folder))
