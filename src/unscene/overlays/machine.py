"""Which GPU this machine has, asked of its driver, and what fits it. No model library is loaded."""

import os
import subprocess
from dataclasses import dataclass

# Photos in a device batch at 512 pixels, by GPU memory in GiB: config/coco30k.yaml has 16 for 40.
AT_40_GB = 16
_BATCHES = ((70, 32), (35, AT_40_GB), (20, 8), (14, 4), (0, 2))
# Beside an H200 four did better than 15 (docs/BENCHMARKS.md).
_MOST_WORKERS, _MOST_BESIDE_A_GPU = 8, 4


@dataclass(frozen=True)
class Gpu:
    """A GPU. memory: GiB. capability: CUDA's compute capability, 8.0 for an A100."""

    name: str
    memory: float
    capability: float

    @property
    def precision(self) -> str:
        """The number format that it computes fast in: bfloat16 from Ampere on."""
        return "bfloat16" if self.capability >= 8 else "float16"

    @property
    def batch_size(self) -> int:
        """Photos in a device batch."""
        return next(size for memory, size in _BATCHES if self.memory >= memory)

    @property
    def batch_pairs(self) -> int:
        """The most pairs in a training batch of ViT-B/32."""
        return 256 if self.memory >= 20 else 128


def find_gpu() -> Gpu | None:
    """Return the first GPU that the driver lists, None where there is none."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader,nounits"]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, timeout=30)
        name, memory, capability = listing.stdout.splitlines()[0].rsplit(",", 2)
        return Gpu(name.strip(), float(memory) / 1024, float(capability))
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        return None


def count_workers(gpu: Gpu | None) -> int:
    """Return how many threads read and write photos beside the device."""
    return min(os.cpu_count() or 1, _MOST_BESIDE_A_GPU if gpu else _MOST_WORKERS)
