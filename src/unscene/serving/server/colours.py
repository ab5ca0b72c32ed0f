"""Colours as a run reads them. An exported folder has that file itself in this one's place."""

from unscene.photos.colours import is_deep, to_rgb

__all__ = ["is_deep", "to_rgb"]
