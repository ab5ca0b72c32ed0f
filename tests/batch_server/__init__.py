"""A local server that behaves as OpenAI's Batch API is published to, for tests and for a first try
without a key; README.md lists the troubles that it makes when it is told to.

Written from the published reference, not from the client: it shares no clock, no constants and no
modules with it. Of the package it uses the words alone, to give right answers.
"""
