"""Photos with captions in, a CLIP that knows what is not there out."""
