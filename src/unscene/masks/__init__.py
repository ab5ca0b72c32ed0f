"""Masks: find the mentioned objects and shape one mask per wanted edit."""
