"""The local workspace as a newcomer meets it: a page, a mention, an answer, a search."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from bot.demo.problems.orders_import import ORDERS_IMPORT
from tests.support.processes import free_port, running

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
)
PATIENCE = 60.0
"""Seconds: the scripted model takes its time so that people can watch."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no chromium and chromedriver on this machine")
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(service=Service(driver), options=options)
    yield browser
    browser.quit()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    """The page of a product without any Slack or model settings."""
    port = free_port()
    settings = {"PORT": str(port), "OXBOW_EMBEDDER": "hashing", "OXBOW_DATA_DIR": str(tmp_path / "data")}
    with running(tmp_path / "log", "serve", **settings):
        yield f"http://127.0.0.1:{port}/"


def test_a_newcomer_mentions_the_bot_watches_the_answer_and_searches(
    browser: webdriver.Chrome, page: str
) -> None:
    browser.get(f"{page}#/C0DATAPLAT")
    type_into(browser, "#composer textarea", f"@Oxbow {ORDERS_IMPORT.mention}")
    await_text(browser, "#messages", "repl")
    browser.find_element(By.XPATH, "//*[@id='messages']//button[contains(., 'repl')]").click()
    await_text(browser, "#replies", "Done")
    await_text(browser, "#replies", "Evidence")
    await_text(browser, "#replies", "Draft pull request")
    await_text(browser, "#replies", "Scripted model")
    await_text(browser, "#replies", "Draft pull request")
    assert browser.find_element(By.ID, "replies").text.count("Evidence") == 1
    browser.get(f"{page}#/C0GENERAL1")
    type_into(browser, "#composer textarea", "/oxbow search KeyError tz import")
    await_text(browser, "#messages", "Solved before")
    await_text(browser, "#messages", "orders-import")


def type_into(browser: webdriver.Chrome, place: str, words: str) -> None:
    """Type as a person does, and send."""
    area = WebDriverWait(browser, PATIENCE).until(lambda b: b.find_element(By.CSS_SELECTOR, place))
    area.send_keys(words)
    area.send_keys(Keys.ESCAPE)
    area.send_keys(Keys.ENTER)


def await_text(browser: webdriver.Chrome, place: str, words: str) -> None:
    """Wait until the place shows the words."""
    WebDriverWait(browser, PATIENCE).until(
        lambda b: words in b.find_element(By.CSS_SELECTOR, place).text,
        f"{words!r} did not appear in {place}",
    )
