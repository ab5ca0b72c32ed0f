"""Cards: Markdown pages that go along with a model or a dataset, from templates of `resources/cards/`."""

from importlib.resources import files


def fill_card(template: str, **values: object) -> str:
    """Return a card's text; a name that the template uses and `values` lacks is an error."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(files("unscene.resources") / "cards")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown
    )
    return environment.get_template(template).render(**values)
