"""What participants and countries are called in a language."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.pages.dataset import WORLD
from api.pages.language import ENGLISH, Language
from api.strings.countries import NAMES


@dataclass(frozen=True, slots=True)
class Names:
    """Names by code: in English as the register has them, else as the language calls the country."""

    register: Mapping[str, str]
    language: Language
    world: str = ""

    def of(self, code: str) -> str:
        """A participant's name; the code itself where there is none."""
        if code == WORLD:
            return self.world
        table = self.register if self.language is ENGLISH else NAMES[self.language.code]
        return table.get(code) or self.register.get(code, code)

    def country(self, code: str) -> str:
        """A country's name, whether it takes part or not."""
        return NAMES[self.language.code].get(code, code)

    def sorted(self) -> list[tuple[str, str]]:
        """Code and name of every participant, by name as the language sorts it."""
        return sorted(((code, self.of(code)) for code in self.register), key=lambda pair: fold(pair[1]))


def fold(name: str) -> str:
    """For sorting: case and the accents of our languages do not count."""
    return name.casefold().translate(_ACCENTS)


_ACCENTS = str.maketrans("àâäçéèêëîïôöùûüÿñ", "aaaceeeeiioouuuyn")
