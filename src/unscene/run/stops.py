"""Ends of a job that are expected: what is said of them is for a person, without a traceback."""


class KnownStop(Exception):
    """A job ends for a reason that its message tells whole, with the way out. Errors derive from it."""


class DiskFull(KnownStop, OSError):
    """A file could not be written, for want of room."""
