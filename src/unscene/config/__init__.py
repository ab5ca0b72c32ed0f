"""What a config can say: its schema and manual, made from one base and the registries, and the
checks beyond them.
"""
