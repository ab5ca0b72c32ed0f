"""How a closed list of words is written: as one text, its words separated by spaces."""


def closed_list(text: str) -> frozenset[str]:
    """Return the words of a closed list."""
    return frozenset(text.split())
