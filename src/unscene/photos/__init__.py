"""Photos: images, mask shapes, labelled instances and perceptual hashes."""
