"""Fine-tuning of CLIP: arms, losses, batches, the loop and its state."""
