"""One training on several devices: a process for each, features gathered from all, gradients summed
over all.
"""

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from unscene.machine.devices import lease_device, lease_devices

if TYPE_CHECKING:
    import torch

# Signals that torch's launcher handles in its own way.
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


class Workers:
    """The processes of one training; a single one needs no library for it."""

    def __init__(self, rank: int = 0, size: int = 1):
        self.rank, self.size = rank, size

    def gather(self, value: "torch.Tensor") -> "torch.Tensor":
        """Return the rows of all processes, in their order, without gradients; all have equally many."""
        if self.size == 1:
            return value
        import torch

        parts = [torch.empty_like(value) for _ in range(self.size)]
        torch.distributed.all_gather(parts, value.contiguous())
        return torch.cat(parts)

    def own(self, value: "torch.Tensor") -> "torch.Tensor":
        """Return this process's rows of a gathered value."""
        return value.chunk(self.size)[self.rank]

    def sum_gradients(self, parameters) -> None:
        """Replace the gradients of the parameters by their sums over all processes."""
        if self.size == 1:
            return
        import torch

        waiting = []
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            waiting.append(torch.distributed.all_reduce(parameter.grad, async_op=True))
        for work in waiting:
            work.wait()


def run_workers(function: Callable, arguments: dict, runtime: dict) -> None:
    """Call function(**arguments, workers=, device=) here or, with runtime.devices above 1, in so
    many processes by torchrun.

    Each process gets a device of its own, leased before; without a GPU they share the CPU. An error
    in one ends all.
    """
    count = runtime["devices"]
    if count == 1:
        function(**arguments, workers=Workers(), device=lease_device(runtime))
        return
    import uuid

    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    device = lease_devices(runtime, count)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(),
    )
    handlers = {number: signal.getsignal(number) for number in _HANDLED}
    try:
        elastic_launch(config, run_worker)(function, arguments, device)
    finally:  # the launcher leaves its own
        for number, handler in handlers.items():
            signal.signal(number, handler)


def run_worker(function: Callable, arguments: dict, device: str) -> None:
    """Join the group that torchrun made, take the device of this process and call the function."""
    import logging

    import torch

    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if rank == 0:
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
        )
    else:
        os.environ["TQDM_DISABLE"] = "1"
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        function(**arguments, workers=Workers(rank, size), device=device)
    finally:
        torch.distributed.destroy_process_group()
