"""Diffusion inpainting through diffusers, made repeatable and batched."""

import inspect
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unscene.edits.removers.base import RemovalError, Remover, Weights
from unscene.edits.removers.crop import Crop, cut_crop, paste_crop, place_crop, pool_mask, resize_area
from unscene.edits.removers.lora import fuse_lora
from unscene.edits.removers.pipeline_folder import (
    CHANNELS,
    OPTIONAL,
    check_pipeline_folder,
    check_tiny_vae,
    find_variant,
    list_networks,
    read_parts,
)
from unscene.edits.removers.sampling import ask_for_steps, count_evaluations, is_guided
from unscene.machine.batching import pad_tail
from unscene.machine.devices import ON_CPU, Setup
from unscene.run.loaded_weights import load_whole, shorten
from unscene.run.weight_files import WeightsError

# Name in the config -> diffusers' class and what its config must say, whatever the checkpoint's own
# scheduler said.
SCHEDULERS = {
    "ddim": ("DDIMScheduler", {"clip_sample": False}),  # latents do not lie in -1..1
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
}


# What a file of a whole CLIP holds beside its text tower.
CLIPS_OTHERS = ("vision_model.", "visual_projection.", "text_projection.", "logit_scale")


class DiffusersRemover(Remover):
    """Any UNet inpainting folder that `AutoPipelineForInpainting` loads (SD 1.5, 2, SDXL and their
    tunings, RORem).

    Each photo is cropped to a square around its mask and goes through at `size` pixels, in batches
    of one shape. Its noise comes from a generator of its own, on the CPU, so a result depends on
    neither its batch-mates nor the device's generator.
    """

    def __init__(self, weights: Weights, settings: dict, setup: Setup = ON_CPU):
        import torch

        from unscene.run.offline import stay_offline

        stay_offline()

        self._torch, self._settings, self._device = torch, settings, setup.device
        self.batch_size = setup.batch_size
        self._dtype = getattr(torch, setup.precision) if setup.device == "cuda" else torch.float32
        self._pipeline = _load_pipeline(weights, settings, self._dtype, setup.device)
        self._scale = int(self._pipeline.vae_scale_factor)
        self._size = settings["size"]
        if self._size % self._scale:
            raise RemovalError(
                f"edits.size: {self._size} must be a multiple of {self._scale}, the factor of the "
                f"VAE in {weights.main}"
            )
        self._steps = ask_for_steps(settings["steps"], settings["strength"])
        # Some distilled UNets take the guidance scale as an input.
        self._embeds_guidance = self._pipeline.unet.config.get("time_cond_proj_dim") is not None
        self._prompts = self._encode_prompts()
        joined = [path.stem for path in (weights.lora, weights.tiny_vae) if path is not None]
        self.name = weights.join_name(weights.main.name, *joined)
        if setup.is_compiled:
            self.compile()

    @property
    def evaluations(self) -> int:
        """How often the UNet is evaluated for one attempt at one photo."""
        return count_evaluations(self._settings, self._embeds_guidance)

    def compile(self) -> None:
        """Have torch compile the parts that take the time; they do so at their first batch, and
        again at another batch size.
        """
        self._pipeline.unet.compile()
        self._pipeline.vae.decoder.compile()

    def get_batch_shape(self, batch_size: int) -> str:
        return f"{batch_size}x3x{self._size}x{self._size}"

    def prepare(self, photo: np.ndarray, mask: np.ndarray) -> tuple[Crop, np.ndarray, np.ndarray]:
        crop = place_crop(mask, self._settings["context"], self._settings.get("smallest_crop") or self._size)
        hole = pool_mask(cut_crop(mask.astype(np.uint8), crop) > 0, self._size, self._scale)
        return crop, resize_area(cut_crop(photo, crop), self._size), hole

    def paint(self, prepared: Sequence, seeds: Sequence[int], batch_size: int) -> list[np.ndarray | None]:
        torch, size = self._torch, self._size
        blank = np.zeros((size, size), dtype=bool)
        blank[size // 4 : size // 2, size // 4 : size // 2] = True
        areas = [area for _, area, _ in prepared]
        areas = pad_tail(areas, batch_size, np.full((size, size, 3), 127, np.uint8))
        holes = pad_tail([hole for _, _, hole in prepared], batch_size, blank)
        # Bytes go to the device, and become numbers there.
        image = torch.from_numpy(np.stack(areas)).to(self._device).permute(0, 3, 1, 2).float().div(255)
        hole = torch.from_numpy(np.stack(holes)).to(self._device)[:, None].float()
        painted = self._paint(image, hole, pad_tail(list(seeds), batch_size, 0))[: len(prepared)]
        is_sound = torch.isfinite(painted).flatten(1).all(dim=1).cpu().numpy()
        pixels = painted.clamp(0, 1).mul(255).round().nan_to_num().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [each if sound else None for each, sound in zip(pixels, is_sound, strict=True)]

    def finish(self, photo, mask, prepared, painted) -> np.ndarray | None:
        if painted is None:
            return None
        crop = prepared[0]
        return paste_crop(photo, mask, resize_area(painted, crop.side), crop, self._settings["feather_px"])

    def _paint(self, image, hole, seeds: list[int]):
        """Run the pipeline on (batch, 3, size, size) in 0..1 and masks (batch, 1, size, size);
        return the like of the former.
        """
        torch = self._torch
        with torch.inference_mode():
            return self._pipeline(
                mask_image=hole,
                height=self._size,
                width=self._size,
                num_inference_steps=self._steps,
                strength=self._settings["strength"],
                guidance_scale=self._settings["guidance"],
                output_type="pt",
                **{key: value.expand(len(seeds), *value.shape[1:]) for key, value in self._prompts.items()},
                **self._prepare_latents(image, hole, seeds),
            ).images.float()

    def _prepare_latents(self, image, hole, seeds: list[int]) -> dict:
        """Return the pipeline's arguments that hold the photos, their masked forms and the noise,
        made in whole batches.

        Left to itself the pipeline encodes photo by photo, draws a sample of the posterior where
        its mode is better, and encodes twice below full strength. It knows latents by their 4
        channels.
        """
        torch, strength = self._torch, self._settings["strength"]
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        # The same list goes on to the schedulers that draw noise at every step (LCM, Euler ancestral).
        given = {"generator": generators}
        is_inpainting = self._pipeline.unet.config.in_channels == 9
        if is_inpainting:
            given["masked_image_latents"] = self._encode((image * 2 - 1) * (hole < 0.5))
        if is_inpainting and strength == 1:
            given["image"] = image  # nothing of the photo reaches the latents
        else:
            given["image"] = self._encode(image * 2 - 1)
            given.setdefault("masked_image_latents", given["image"])
        if not is_inpainting and strength < 1:
            # The pipeline needs the bare noise at every step, and draws it from the same generators.
            return given
        shape = (1, 4, self._size // self._scale, self._size // self._scale)
        noise = torch.cat([torch.randn(shape, generator=each) for each in generators]).to(self._device)
        if strength < 1:
            noise = self._add_noise(given["image"].float(), noise)
        return given | {"latents": noise.to(self._dtype)}

    def _add_noise(self, latents, noise):
        """Return what to give as `latents` so that the pipeline starts from the photo, noised for
        the first step made.

        It takes given latents for bare noise and scales them by the scheduler's `init_noise_sigma`,
        also below full strength.
        """
        pipeline, scheduler = self._pipeline, self._pipeline.scheduler
        scheduler.set_timesteps(self._steps, device=self._device)
        timesteps, _ = pipeline.get_timesteps(self._steps, self._settings["strength"], self._device)
        started = scheduler.add_noise(latents, noise, timesteps[:1].repeat(len(latents)))
        return started / scheduler.init_noise_sigma

    def _encode(self, image):
        """Return the latents, scaled as the UNet knows them, of pixels (batch, 3, size, size) in -1..1."""
        torch, vae = self._torch, self._pipeline.vae
        overflows = vae.dtype == torch.float16 and vae.config.get("force_upcast", False)
        if overflows:
            vae.to(torch.float32)
        image = image.to(vae.dtype).contiguous(memory_format=_choose_layout(self._device))
        encoded = vae.encode(image)
        latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
        if overflows:
            vae.to(torch.float16)
        return latents.to(self._dtype) * vae.config.scaling_factor

    def _encode_prompts(self) -> dict:
        """Return the embeddings of the prompts, (1, ...) each, computed once: they are the same for
        all photos.
        """
        guided = is_guided(self._settings, self._embeds_guidance)
        arguments = inspect.signature(self._pipeline.encode_prompt).parameters
        named = {
            "prompt": self._settings["prompt"],
            # SDXL has an embedding of its own (zeros) for no negative prompt at all.
            "negative_prompt": (self._settings["negative_prompt"] or None) if guided else None,
            "device": self._device,
            "num_images_per_prompt": 1,
            "do_classifier_free_guidance": guided,
        }
        with self._torch.inference_mode():
            encoded = self._pipeline.encode_prompt(**{key: named[key] for key in named if key in arguments})
        names = (
            "prompt_embeds",
            "negative_prompt_embeds",
            "pooled_prompt_embeds",
            "negative_pooled_prompt_embeds",
        )
        return {name: value for name, value in zip(names, encoded, strict=False) if value is not None}


def check_networks(weights: Weights) -> str:
    """Compare the headers of a pipeline's files with its networks, and the networks with each other;
    return what the UNet is in a few words. Raises RemovalError.
    """
    from unscene.run.offline import stay_offline

    stay_offline()
    check_pipeline_folder(weights.main)
    networks = _load_networks(weights, device_map="meta")
    _check_fit(networks, weights.main)
    return f"a UNet with {networks['unet'].config.in_channels} input channels"


def _load_pipeline(weights: Weights, settings: dict, dtype, device: str):
    import torch
    from diffusers import AutoPipelineForInpainting
    from diffusers.utils import logging as diffusers_logging

    path = weights.main
    check_pipeline_folder(path)
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    networks = _load_networks(weights, dtype=dtype)
    _check_fit(networks, path)
    # What is not needed is left out: a folder may name it without holding it, and the safety checker
    # blackens photos.
    parts = networks | dict.fromkeys(OPTIONAL)
    try:
        pipeline = AutoPipelineForInpainting.from_pretrained(
            str(path),
            dtype=dtype,
            local_files_only=True,
            requires_safety_checker=False,
            add_watermarker=False,
            **parts,
        )
    except Exception as error:  # of several libraries, by what they miss
        raise RemovalError(f"edits.weights: diffusers cannot load {path} ({shorten(error)})") from error
    _check_tokenizers(pipeline, path)
    if settings.get("scheduler"):
        _set_scheduler(pipeline, settings["scheduler"])
    if weights.lora is not None:
        fuse_lora(pipeline, weights.lora)
    pipeline.set_progress_bar_config(disable=True)
    pipeline = pipeline.to(device)
    pipeline.unet.eval().to(memory_format=torch.channels_last)
    pipeline.vae.eval().to(memory_format=_choose_layout(device))
    return pipeline


def _choose_layout(device: str):
    """Return the memory format in which a device runs a VAE faster. On a GPU group norm returns
    contiguous tensors, and each convolution behind one would convert back (docs/BENCHMARKS.md).
    """
    import torch

    return torch.contiguous_format if device == "cuda" else torch.channels_last


def _load_networks(weights: Weights, **options) -> dict:
    """Return {part: network} of the parts that have weights, each proved whole; a tiny VAE goes
    before the folder's own.
    """
    import diffusers
    import transformers

    path, loaded = weights.main, {}
    parts = read_parts(path)
    if weights.tiny_vae is not None:
        variant = check_tiny_vae(weights.tiny_vae)
        loaded["vae"] = _load_network(
            "edits.tiny_vae", diffusers.AutoencoderTiny, weights.tiny_vae, variant=variant, **options
        )
    for name in list_networks(parts):
        library, kind = parts[name]
        cls = getattr({"diffusers": diffusers, "transformers": transformers}.get(library), kind, None)
        if cls is None:
            raise RemovalError(
                f"edits.weights: {path / 'model_index.json'} gives {name} the class {library}.{kind}, which"
                " is not known here; take weights of SD 1.5, SD 2, SDXL or their tunings"
            )
        if name not in loaded:
            variant = find_variant(path / name, "edits.weights")
            further = CLIPS_OTHERS if name.startswith("text_") else ()
            loaded[name] = _load_network(
                "edits.weights", cls, path / name, further, variant=variant, **options
            )
    return loaded


def _load_network(key: str, cls, folder: Path, further: Sequence[str] = (), **options):
    try:
        return load_whole(cls, folder, further, **options)
    except WeightsError as error:
        raise RemovalError(f"{key}: {error}") from error


def _check_fit(networks: dict, path: Path) -> None:
    """Raise RemovalError unless the networks are those of a remover and speak one language."""
    unet, vae = networks["unet"].config, networks["vae"].config
    if unet.in_channels not in (4, 9) or vae.latent_channels != CHANNELS:
        raise RemovalError(
            f"edits.weights: {path} must hold a UNet with 4 or 9 input channels and a VAE with"
            f" {CHANNELS} latent channels (SD 1.5, SD 2, SDXL and their tunings); they have"
            f" {unet.in_channels} and {vae.latent_channels}"
        )
    widths = [networks[name].config.hidden_size for name in networks if name.startswith("text_")]
    is_plain = unet.get("encoder_hid_dim") is None and isinstance(unet.cross_attention_dim, int)
    if is_plain and unet.cross_attention_dim != sum(widths):
        raise RemovalError(
            f"edits.weights: the UNet of {path} takes texts of {unet.cross_attention_dim} numbers, and its"
            f" text towers give {sum(widths)}; they are of two models: fetch the folder whole"
        )


def _check_tokenizers(pipeline, path: Path) -> None:
    for name in ("tokenizer", "tokenizer_2"):
        tokenizer = getattr(pipeline, name, None)
        tower = getattr(pipeline, name.replace("tokenizer", "text_encoder"), None)
        if tokenizer is None or tower is None:
            continue
        if tokenizer.model_max_length > tower.config.max_position_embeddings:
            raise RemovalError(
                f"edits.weights: {path / name / 'tokenizer_config.json'} allows texts of"
                f" {tokenizer.model_max_length} tokens, and the text tower takes"
                f" {tower.config.max_position_embeddings}; fetch the folder whole"
            )
        if len(tokenizer) > tower.config.vocab_size:
            raise RemovalError(
                f"edits.weights: {path / name} knows {len(tokenizer)} tokens, and the text tower"
                f" {tower.config.vocab_size}; fetch the folder whole"
            )


def _set_scheduler(pipeline, name: str) -> None:
    import diffusers

    cls, changes = SCHEDULERS[name]
    pipeline.scheduler = getattr(diffusers, cls).from_config(pipeline.scheduler.config, **changes)
