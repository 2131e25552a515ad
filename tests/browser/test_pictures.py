"""The pictures of the documentation: a story in the local workspace, photographed at its moments.

Runs only where OXBOW_PICTURES names the folder: `make pictures`.
"""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from bot.demo.problems.orders_import import ORDERS_IMPORT
from bot.demo.problems.returns_import import RETURNS_IMPORT
from bot.demo.problems.shop_cart import SHOP_CART
from tests.browser.test_page import PATIENCE, await_text, browser, page, type_into

__all__ = ["browser", "page"]

FOLDER = os.environ.get("OXBOW_PICTURES")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FOLDER is None, reason="OXBOW_PICTURES names no folder"),
]

DATA, SHOP, GENERAL = "C0DATAPLAT", "C0SHOPBACK", "C0GENERAL1"


def test_the_pictures_of_the_documentation(browser: webdriver.Chrome, page: str) -> None:
    browser.set_window_size(1280, 1000)
    begin(browser, page, DATA, ORDERS_IMPORT.mention)
    await_text(browser, "#replies", "orders/rows.py")
    picture(browser, "progress")
    await_text(browser, "#replies", "Evidence")
    press(browser, "Solved")
    await_text(browser, "#replies", "Done")

    act(page, "post", user="chidi", channel=SHOP, text="The carrier changed its list of returned parcels.")
    begin(browser, page, SHOP, RETURNS_IMPORT.mention)
    await_text(browser, "#replies", "Looks like")
    picture(browser, "recalled")
    await_text(browser, "#replies", "Evidence")
    browser.set_window_size(1280, 1280)
    picture(browser, "thread")
    browser.set_window_size(1280, 1000)

    browser.get(f"{page}#/{GENERAL}")
    type_into(browser, "#composer textarea", "/oxbow search KeyError tz import")
    await_text(browser, "#messages", "Solved before")
    picture(browser, "search")

    act(page, "command", user="ada", channel=SHOP, name="/oxbow", text="settings tools bash=ask")
    begin(browser, page, SHOP, SHOP_CART.mention)
    await_text(browser, "#replies", "Approve")
    await_text(browser, "#replies", "Waiting for approval")
    picture(browser, "approval")

    asked = "schedule every weekday at 9 which checks failed last night?"
    act(page, "command", user="ada", channel=DATA, name="/oxbow", text=asked)
    browser.get(f"{page}#/home")
    await_text(browser, "#messages", "Waiting for your decision")
    picture(browser, "home")


def begin(browser: webdriver.Chrome, page: str, channel: str, problem: str) -> None:
    """Mention Oxbow in a channel, and open the thread."""
    browser.get(f"{page}#/{channel}")
    type_into(browser, "#composer textarea", f"@Oxbow {problem}")
    said = f"//*[@id='messages']//article[contains(., '{problem[:24]}')]"
    replies = f"{said}//button[contains(., 'repl')]"

    def opened(_: webdriver.Chrome) -> bool:
        found = browser.find_elements(By.XPATH, replies)
        if found:
            found[-1].click()
        return bool(found)

    # The list is drawn anew with every message.
    stale = [StaleElementReferenceException]
    WebDriverWait(browser, PATIENCE, ignored_exceptions=stale).until(opened)


def press(browser: webdriver.Chrome, label: str) -> None:
    """Press a button in the thread."""
    browser.find_element(By.XPATH, f"//*[@id='replies']//button[.='{label}']").click()


def act(page: str, deed: str, **given: str) -> None:
    """What somebody else does meanwhile."""
    request = urllib.request.Request(
        f"{page}workspace/api/{deed}",
        data=json.dumps(given).encode(),
        headers={"Content-Type": "application/json", "Origin": page.rstrip("/")},
    )
    with urllib.request.urlopen(request, timeout=20.0) as answer:
        assert answer.status == 200


def picture(browser: webdriver.Chrome, name: str) -> None:
    """Write what the window shows."""
    assert FOLDER is not None
    # What the pointer is on would be decorated.
    ActionChains(browser).move_to_element(browser.find_element(By.ID, "team-name")).perform()
    browser.save_screenshot(str(Path(FOLDER) / f"{name}.png"))
