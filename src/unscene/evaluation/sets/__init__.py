"""Evaluation sets: one reader a format, and the task that each becomes.

A reader takes an entry of evaluate.sets and returns a task (`tasks.py`);
`unscene.evaluation.set_metrics` scores tasks, whatever the format they came in. What a format needs
and what it is for says its entry in `formats.py`.
"""
