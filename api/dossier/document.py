"""The PDF of a dossier out of its sources, in this process."""

from api.dossier.contents import contents
from api.dossier.setting import set_pdf
from api.dossier.sources import Sources


def make_pdf(sources: Sources, language: str) -> bytes:
    """The dossier in a language of `api.pages.language.LANGUAGES`; raises typst.TypstError when it cannot be set."""
    return set_pdf(contents(sources, language))
