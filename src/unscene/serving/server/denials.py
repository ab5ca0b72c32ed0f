"""Denials as the evaluation reads them. An exported folder has that file itself in this one's place."""

from unscene.words.denials import find_denials

__all__ = ["find_denials"]
