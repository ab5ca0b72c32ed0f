"""Edits: remove the masked object; sham edits keep it."""
