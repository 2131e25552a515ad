"""The page in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from bot.workspace.local import LocalWorkspace
from tests.support.waiting import eventually
from tests.workspace.fixtures import web_client

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromedriver") is None, reason="no chromedriver here"),
]

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    driver.set_window_size(1400, 900)
    yield driver
    driver.quit()


@pytest.fixture
def page(driver: webdriver.Chrome, workspace: LocalWorkspace) -> webdriver.Chrome:
    """The page of a fresh workspace, seen by Ada."""
    driver.get(workspace.url)
    eventually(lambda: driver.find_elements(By.CSS_SELECTOR, ".hint-card"))
    return driver


def texts(page: webdriver.Chrome, selector: str) -> list[str]:
    """What the matching elements say, read in one go because the page may be redrawing."""
    script = "return [...document.querySelectorAll(arguments[0])].map(found => found.innerText)"
    return [" ".join(text.split()) for text in page.execute_script(script, selector)]


def field(page: webdriver.Chrome) -> WebElement:
    return page.find_element(By.ID, "composer-text")


def test_a_suggestion_fills_the_message_field(page: webdriver.Chrome) -> None:
    page.find_element(By.CSS_SELECTOR, ".suggestion").click()
    assert field(page).get_attribute("value") == "@Oxbow the build is red"


def test_a_mention_is_completed_and_sent(page: webdriver.Chrome, workspace: LocalWorkspace) -> None:
    field(page).send_keys("hello @Ox")
    eventually(lambda: texts(page, ".choices li strong") == ["@Oxbow"])
    field(page).send_keys(Keys.TAB, "help", Keys.ENTER)
    workspace.wait_for(lambda: workspace.messages("general"))
    assert workspace.messages("general")[0]["text"] == "hello <@U0OXBOWBOT> help"


def test_text_is_never_markup(page: webdriver.Chrome, workspace: LocalWorkspace) -> None:
    evil = "<img src=x onerror=document.title='owned'>"
    workspace.post("bruno", "general", evil)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"<javascript:alert(1)|click> {evil}"}}]
    web_client(workspace).chat_postMessage(channel="C0GENERAL1", text=evil, blocks=blocks)
    eventually(lambda: len(texts(page, "#messages .message")) == 2)
    assert evil in texts(page, "#messages .content")[0]
    assert page.find_elements(By.CSS_SELECTOR, "#messages .content img, #messages .content a") == []
    assert "owned" not in page.title


def test_an_edit_and_a_deletion_appear_in_place(page: webdriver.Chrome, workspace: LocalWorkspace) -> None:
    ts = workspace.post("bruno", "general", "helo")
    eventually(lambda: texts(page, "#messages .content") == ["helo"])
    workspace.edit("general", ts, "hello")
    eventually(lambda: texts(page, "#messages .content") == ["hello (edited)"])
    workspace.delete("general", ts)
    eventually(lambda: texts(page, "#messages .content") == [])


def test_a_permalink_opens_the_thread(page: webdriver.Chrome, workspace: LocalWorkspace) -> None:
    client = web_client(workspace)
    root = workspace.post("bruno", "data-platform", "question")
    reply = workspace.post("chidi", "data-platform", "answer", root)
    page.get(client.chat_getPermalink(channel="C0DATAPLAT", message_ts=reply)["permalink"])
    eventually(lambda: texts(page, "#replies .content") == ["question", "answer"])
    assert page.find_element(By.ID, "channel-title").text == "# data-platform"


def test_a_reply_is_written_in_the_thread(page: webdriver.Chrome, workspace: LocalWorkspace) -> None:
    root = workspace.post("bruno", "general", "question")
    page.get(f"{workspace.url}/#/C0GENERAL1/{root}")
    eventually(lambda: texts(page, "#replies .content") == ["question"])
    page.find_element(By.ID, "thread-text").send_keys("answer", Keys.ENTER)
    workspace.wait_for(lambda: len(workspace.messages("general", root)) == 2)
    eventually(lambda: texts(page, ".thread-line .count") == ["1 reply"])


def test_a_file_is_shared_with_words_and_can_be_opened(
    page: webdriver.Chrome, workspace: LocalWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "boot.log").write_bytes(b"hello\n")
    page.find_element(By.ID, "composer-text").send_keys("see")
    page.find_element(By.CSS_SELECTOR, "#composer input[type=file]").send_keys(str(tmp_path / "boot.log"))
    eventually(lambda: texts(page, "#messages .files a") == ["boot.log 6 B"])
    [message] = workspace.messages("general")
    assert (message["text"], workspace.content(message["files"][0]["id"])) == ("see", b"hello\n")


def test_another_person_sees_what_is_theirs(page: webdriver.Chrome, workspace: LocalWorkspace) -> None:
    web_client(workspace).chat_postEphemeral(
        channel="C0GENERAL1", user=workspace.user_id("bruno"), text="psst"
    )
    assert texts(page, "#messages .ephemeral") == []
    Select(page.find_element(By.ID, "person")).select_by_value("bruno")
    eventually(lambda: texts(page, "#messages .whisper") == ["Only visible to you"])
    Select(page.find_element(By.ID, "person")).select_by_value("ada")
    eventually(lambda: texts(page, "#messages .whisper") == [])


def test_a_slash_command_that_nobody_takes_is_answered(page: webdriver.Chrome) -> None:
    field(page).send_keys("/oxbow search tz", Keys.ENTER)
    eventually(lambda: "dispatch_failed" in "".join(texts(page, "#messages .ephemeral")))


def test_the_browser_reports_no_error(page: webdriver.Chrome) -> None:
    logged = page.get_log("browser")  # type: ignore[no-untyped-call]
    severe = [entry["message"] for entry in logged if entry["level"] == "SEVERE"]
    # The stream of live changes ends when the page is left; a browser calls that incomplete.
    assert [message for message in severe if "/workspace/events" not in message] == []
