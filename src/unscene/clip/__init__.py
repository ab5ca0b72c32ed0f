"""CLIP models: folders that open_clip loads."""
