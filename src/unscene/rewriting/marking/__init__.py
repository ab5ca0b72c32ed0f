"""Marking: what of a caption's tree is the object, stands for it, or goes along with it."""
