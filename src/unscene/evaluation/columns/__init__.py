"""The tables of the evaluation, and the metrics of a model by name: a module a subject."""
