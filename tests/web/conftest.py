"""The browser that the tests here share ends with them."""

import pytest

from tests.support.browser import kept


@pytest.fixture(scope="session", autouse=True)
def _browser():
    yield
    kept.close()
