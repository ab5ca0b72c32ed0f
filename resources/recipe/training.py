"""The training loop that the autoencoder, the inpainter and CLIP share: resumable, seeded by step,
averaged.
"""

import copy
import time
from pathlib import Path

import numpy as np
import torch


def train(
    model, loss_of_step, path, steps, lr, seed, decay=0.25, average=0.999, export=None, export_every=500
):
    """Minimise `loss_of_step(model, rng, step)` with AdamW for `steps` steps and return the averaged model.

    The learning rate warms up over 100 steps, stays, and falls to zero over the last `decay` share. The
    generator given to a step depends on (seed, step) only, so a run that was stopped goes on from the
    checkpoint at `path` as if nothing had happened. `export(averaged model, step)` is called now and then.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.98), weight_decay=0.01)
    averaged = copy.deepcopy(model).requires_grad_(False)
    first = 0
    if path.exists():
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        averaged.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    started, recent = time.monotonic(), []
    for step in range(first, steps):
        rate = lr * min(1.0, (step + 1) / 100, max((steps - step) / (decay * steps), 1e-3))
        for group in optimizer.param_groups:
            group["lr"] = rate
        rng = np.random.default_rng([seed, step])
        torch.manual_seed(int(rng.integers(2**31)))
        model.train()
        loss = loss_of_step(model, rng, step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        keep = min(average, (step + 1) / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(averaged.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
        recent.append(loss.item())
        done = step + 1
        if done % 100 == 0:
            pace = (time.monotonic() - started) / (done - first)
            print(f"step {done}/{steps} loss {np.mean(recent[-100:]):.4f} {pace:.3f} s a step", flush=True)
        if done % export_every == 0 or done == steps:
            _save(
                {
                    "model": model.state_dict(),
                    "averaged": averaged.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": done,
                },
                path,
            )
            if export:
                export(averaged.eval(), done)
    return averaged.eval()


def _save(state, path):
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def replace_folder(write, folder):
    """Call `write(temporary folder)` and swap the result in, so that `folder` is never seen half written."""
    import shutil

    folder = Path(folder)
    temporary, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for leftover in (temporary, old):
        shutil.rmtree(leftover, ignore_errors=True)
    write(temporary)
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def psnr(error):
    """Peak signal-to-noise ratio in dB of a mean squared error in units of 0..1."""
    return float(-10 * np.log10(max(float(error), 1e-12)))
