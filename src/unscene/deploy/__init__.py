"""Deployment: the tuned model as folders that other programs load."""
