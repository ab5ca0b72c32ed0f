"""How a submission ends before all is answered: a person is needed, or the answers are not there yet."""

from unscene.run.stops import KnownStop


class Stopped(KnownStop, RuntimeError):
    """Submitting stopped for a reason that somebody has to see to; what is paid is kept."""


class ComeBackLater(KnownStop, RuntimeError):
    """Batches are under way and the run does not wait for them."""
