"""Where templates meet a language: the environment of all pages, the node's and the desk's, with filters that write figures.

Rules: a missing value is an error, never an empty place; everything is escaped unless it says that it is markup; filters follow
`language`, which each page is rendered with, so macros are imported `with context`.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from api.pages.language import Language, iso


def new_environment(templates: Path) -> Environment:
    """An environment for the templates of this folder."""
    environment = Environment(
        loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        grouped=pass_context(lambda context, number: _language(context).grouped(number)),
        figure=pass_context(lambda context, text: _language(context).figure(text)),
        decimal=pass_context(lambda context, text: _language(context).decimal(text)),
        moment=pass_context(lambda context, ms: _language(context).moment(ms)),
        day=pass_context(lambda context, text: _language(context).day(text)),
        iso=iso,
    )
    return environment


def _language(context: Context) -> Language:
    found = context["language"]
    assert isinstance(found, Language)
    return found
