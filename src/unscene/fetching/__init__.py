"""What a config names and is not there, fetched by name: weights, annotations, photos.

A run itself fetches nothing. `unscene fetch` does, before it, and shows what it will fetch first.
"""
