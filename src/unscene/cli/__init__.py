"""The command `unscene`: what people ask beside the workflow's own line."""
