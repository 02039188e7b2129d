"""What stands in the navigation of each group of pages: address and key of the text, which the common table has.

A page says where it stands by its address (`here`); the link to it is then marked as the current one.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a navigation."""

    href: str
    key: str


PUBLIC: Final = (
    Link("/", "nav_overview"),
    Link("/explorer", "nav_explorer"),
    Link("/participants", "nav_participants"),
    Link("/releases", "nav_releases"),
    Link("/verdict", "nav_verdict"),
    Link("/method", "nav_method"),
    Link("/reading", "nav_reading"),
)
