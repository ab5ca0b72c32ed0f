"""Photos: images, mask shapes, COCO's instances and perceptual hashes."""
