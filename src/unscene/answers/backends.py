"""Who answers requests: the registry of what `keywords.backend` and `captions.backend` can name."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from unscene.words.vocabulary import Vocabulary


@dataclass(frozen=True)
class Backend:
    """A backend of answers, with all that the config, the rules and the prices need to know of it.

    stages: the stages that may name it. is_paid: it is asked over an endpoint, by `api`, and costs
    money. answerer: of an offline one, `module:function`: from a request line and the word list to
    its answer line; loaded when it answers.
    """

    name: str
    doc: str
    stages: tuple[str, ...]
    is_paid: bool = False
    answerer: str | None = None

    @property
    def keys(self) -> list[str]:
        """Keys of the config, beside the stage's own, that decide the requests: offline, another
        model changes nothing.
        """
        return ["api.model"] if self.is_paid else []

    def name_model(self, settings: dict) -> str:
        """Return the model in the bodies of the requests: the configured one where it answers, else
        the backend itself.
        """
        return settings["api"]["model"] if self.is_paid else self.name

    def load(self) -> Callable[[dict, Vocabulary], dict] | None:
        """Return what answers a request line offline; None when the answers are paid for."""
        if self.answerer is None:
            return None
        module, _, function = self.answerer.partition(":")
        return getattr(import_module(module), function)


_ENTRIES = (
    Backend(
        "lexicon",
        "the offline lexicon finds the words (docs/KEYWORDS.md)",
        stages=("keywords",),
        answerer="unscene.keywords.answering:answer_from_lexicon",
    ),
    Backend(
        "template",
        "an offline grammar rewrites the captions",
        stages=("captions",),
        answerer="unscene.captions.answering:answer_from_template",
    ),
    Backend(
        "openai",
        "a model behind OpenAI's Batch API, or any endpoint that speaks it (block `api`)",
        stages=("keywords", "captions"),
        is_paid=True,
    ),
)
BACKENDS = {backend.name: backend for backend in _ENTRIES}
# The stages that ask; the batch-size study asks what the keywords ask.
STAGES = ("keywords", "captions")


def find_backend(settings: dict) -> Backend:
    """Return the backend of a config, or of a job's settings, that holds the block of one stage."""
    (name,) = {settings[stage]["backend"] for stage in STAGES if "backend" in settings.get(stage, {})}
    return BACKENDS[name]


def is_offline(model: str) -> bool:
    """Return whether an answer's model is a backend that costs nothing."""
    return model in BACKENDS and not BACKENDS[model].is_paid
