"""Paid answers: requests are cut into batches, sent once, collected, and kept in a ledger that no
rule owns.
"""
