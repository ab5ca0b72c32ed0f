"""What the export reads for its card: named here, since the workflow is parsed with it."""

from pathlib import Path

from unscene.deploy.forms import FORMS
from unscene.serving.copying import list_server_files

CARDS = "src/unscene/resources/cards"
# Files by their names in unscene.report.sections.
READ = ("summary", "comparison", "sets", "set_summary", "verdict")


def list_copied_files() -> list[str]:
    """Return the paths of what the export writes from or copies, relative to the checkout."""
    return [*list_card_templates(), *list_server_files()]


def list_card_templates() -> list[str]:
    """Return the paths of the card's templates, relative to the checkout."""
    return [str(Path(CARDS, f"{name}.md.j2")) for name in ("model", *FORMS)]
