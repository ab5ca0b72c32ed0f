"""Paid answers: requests, prices, the ledger and the driver that asks each once."""
