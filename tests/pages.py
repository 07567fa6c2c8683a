"""What a test waits for in a browser's page, busy as its machine may be."""

import re

from playwright.sync_api import Page, TimeoutError


def arrived(page: Page, url: str) -> None:
    """The page there is loaded, so that the next key finds somebody who listens.

    An address alone changes earlier: before the scripts run and take the keys.
    """
    page.wait_for_url(re.compile(url))


def fits(page: Page, width: int) -> None:
    """The page, whole and with its scripts run, is no wider than the screen."""
    whole = "document.readyState === 'complete'"
    narrow = f"document.documentElement.scrollWidth <= {width}"
    try:
        page.wait_for_function(f"{whole} && {narrow}")
    except TimeoutError as wide:
        raise AssertionError(f"{page.url} is wider than {width}") from wide
