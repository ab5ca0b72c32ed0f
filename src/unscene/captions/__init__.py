"""Captions: what each edited photo is called, without the object and with its denial."""
