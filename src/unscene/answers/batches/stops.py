"""How a submission ends before all is answered: a person is needed, or the answers are not there yet."""


class Stopped(RuntimeError):
    """Submitting stopped for a reason that somebody has to see to; what is paid is kept."""


class ComeBackLater(RuntimeError):
    """Batches are under way and the run does not wait for them."""
