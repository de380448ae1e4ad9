"""A real Chromium, driven by Playwright; a page that logs an error or leaves its width fails the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
DESKTOP = (1280, 900)
PHONE = (390, 844)


@contextmanager
def browser_page(size: tuple[int, int] = DESKTOP, locale: str = "en-US") -> Iterator[Page]:
    """An empty page of this size, in a browser that asks for this language."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=FLAGS)
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale)
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            yield page
            assert errors == []
        finally:
            browser.close()


def overflows(page: Page) -> bool:
    """Whether something is wider than the page."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
