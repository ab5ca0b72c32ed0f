"""The plan: what a run will cost, before anything is spent."""
