"""The overlay of a new run, written from a look at what is there: photos, captions, device, weights."""
