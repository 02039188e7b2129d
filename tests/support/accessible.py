"""What axe-core finds wrong with a page in the browser, one line each; nothing for a page that everybody can use."""

from axe_playwright_python.async_playwright import Axe

_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
"""WCAG 2.2 A and AA, and axe's own best practices."""


async def violations(page) -> list[str]:
    """Rule, element and what to do."""
    found = (await Axe().run(page, options=_OPTIONS)).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]
