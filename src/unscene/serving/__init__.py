"""The search page of a deployed model: a server that runs by itself, and what a run tells it.

`server/` is copied into `results/deploy/` as it stands, with `photos/colours.py` and
`words/denials.py` in it: it imports nothing else of the package, only the few libraries of its own
requirements.txt.
"""
