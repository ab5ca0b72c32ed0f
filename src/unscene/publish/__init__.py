"""The accepted pairs as a dataset that may be shared."""
