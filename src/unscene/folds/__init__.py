"""Folds: which photo groups are tested together, and what must never be trained on."""
