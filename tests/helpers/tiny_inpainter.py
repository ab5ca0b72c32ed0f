"""A random inpainting pipeline in diffusers' format, small enough to be made anew in a second."""

from pathlib import Path

from unscene.run.offline import stay_offline

stay_offline()


def save_tiny_inpainter(folder: Path, latent_channels: int = 4, sees_mask: bool = True) -> Path:
    """Write a Stable-Diffusion-like inpainting pipeline folder with random weights: 16 px, VAE factor 2.

    sees_mask: the UNet takes the mask and the masked photo beside the latents (9 channels), or the
    latents alone (4).
    """
    import torch
    from diffusers import DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel

    torch.manual_seed(0)
    vae = _make_vae(latent_channels)
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=2 * latent_channels + 1 if sees_mask else latent_channels,
        out_channels=latent_channels,
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    tokenizer, text = _make_text_parts()
    pipeline = StableDiffusionInpaintPipeline(
        vae=vae,
        unet=unet,
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return Path(folder)


def save_tiny_xl_inpainter(folder: Path) -> Path:
    """Write an SDXL-like inpainting pipeline folder with random weights: two text towers, 16 px,
    VAE factor 2.
    """
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLInpaintPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    tokenizer, text = _make_text_parts()
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=9,
        out_channels=4,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=(2, 4),
        norm_num_groups=4,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 16,
    )
    pipeline = StableDiffusionXLInpaintPipeline(
        vae=_make_vae(4),
        unet=unet,
        text_encoder=CLIPTextModel(text),
        text_encoder_2=CLIPTextModelWithProjection(text),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=EulerDiscreteScheduler(
            beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1
        ),
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder)
    return Path(folder)


def save_tiny_vae(folder: Path) -> Path:
    """Write an AutoencoderTiny folder with random weights: VAE factor 2, as the tiny inpainters have."""
    import torch
    from diffusers import AutoencoderTiny

    torch.manual_seed(3)
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).save_pretrained(folder)
    return Path(folder)


def save_tiny_lora(pipeline_folder: Path, path: Path) -> Path:
    """Write a LoRA of random numbers for the UNet of an inpainter folder, as training scripts save one."""
    import torch
    from diffusers import StableDiffusionInpaintPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipeline = StableDiffusionInpaintPipeline.from_pretrained(pipeline_folder, local_files_only=True)
    pipeline.unet.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_k", "to_v"]))
    torch.manual_seed(4)
    layers = {
        name: torch.randn_like(value) for name, value in get_peft_model_state_dict(pipeline.unet).items()
    }
    pipeline.save_lora_weights(path.parent, unet_lora_layers=layers, weight_name=path.name)
    return path


def _make_vae(latent_channels: int):
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=latent_channels,
        norm_num_groups=4,
    )


def _make_text_parts():
    """Return (tokenizer, config of the text tower): the letters as vocabulary."""
    from transformers import CLIPTextConfig, CLIPTokenizer

    letters = [f"{letter}{end}" for end in ("", "</w>") for letter in "abcdefghijklmnopqrstuvwxyz"]
    words = {word: index for index, word in enumerate([*letters, "<|startoftext|>", "<|endoftext|>"])}
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        projection_dim=16,
        bos_token_id=words["<|startoftext|>"],
        eos_token_id=words["<|endoftext|>"],
        pad_token_id=words["<|endoftext|>"],
    )
    return CLIPTokenizer(vocab=words, merges=[], model_max_length=16), text
