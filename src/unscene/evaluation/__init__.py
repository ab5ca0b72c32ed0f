"""What a model is scored on: held-out pairs, untouched photos, external sets; and the verdict."""
