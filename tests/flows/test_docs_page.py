"""The documentation page in a real browser, on a machine that reaches nothing but itself."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from app.cli.serving import server_of
from app.parties.model import Credential
from tests.support.parties import made_client, seeded
from tests.support.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="Chromium and its driver are not installed (apt-get install chromium chromium-driver)",
)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1280,1600",
)  # fmt: skip
SECONDS_MAX = 60


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(world: World) -> AsyncIterator[str]:
    """The hub on a real socket of this machine."""
    await seeded(world)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = server_of(world.app)
        task = asyncio.create_task(server.serve(sockets=[taken]))
        while not server.started:  # noqa: ASYNC110 -- uvicorn tells it no other way
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        await task


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """A Chromium that has never been anywhere."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


def shown(browser: webdriver.Chrome, css: str) -> WebElement:
    """Wait for an element to be seen."""

    def look(driver: webdriver.Chrome) -> list[WebElement]:
        return [it for it in driver.find_elements(By.CSS_SELECTOR, css) if it.is_displayed()]

    return WebDriverWait(browser, SECONDS_MAX).until(look, f"{css} was not seen")[0]


def click(browser: webdriver.Chrome, css: str) -> None:
    """Press what is seen there, wherever the page has scrolled to."""
    element = shown(browser, css)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def log_of(browser: webdriver.Chrome, kind: str) -> list[Any]:
    """Read one of the browser's logs."""
    entries: list[Any] = browser.get_log(kind)  # type: ignore[no-untyped-call]  # selenium's
    return entries


def asked_for(browser: webdriver.Chrome) -> list[str]:
    """List every address the page asked for."""
    events = [json.loads(entry["message"])["message"] for entry in log_of(browser, "performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
        and not event["params"]["request"]["url"].startswith("chrome:")  # its own start page
    ]


def complaints(browser: webdriver.Chrome) -> list[Any]:
    """List what the browser's console calls severe."""
    return [it for it in log_of(browser, "browser") if it["level"] == "SEVERE"]


def all_local(addresses: list[str], base: str) -> bool:
    return bool(addresses) and all(
        it.startswith((f"{base}/", "data:", "blob:")) for it in addresses
    )


def try_the_page(browser: webdriver.Chrome, base: str, client: Credential) -> str:
    """Authorize, execute one GET, and return the status the page shows."""
    browser.get(f"{base}/docs")
    shown(browser, ".opblock-tag-section")
    click(browser, ".auth-wrapper .authorize")
    shown(browser, "#client_id_clientCredentials, #client_id").send_keys(client.id)
    shown(browser, "#client_secret_clientCredentials, #client_secret").send_keys(client.secret)
    click(browser, ".auth-btn-wrapper .authorize")
    shown(browser, ".auth-container .scope-def, .auth-container h6")
    click(browser, ".auth-btn-wrapper .btn-done")
    block = "#operations-regions_行政区划-regions_v1_regions_get"
    click(browser, f"{block} .opblock-summary-control")
    click(browser, f"{block} .execute")
    return shown(browser, f"{block} .live-responses-table .response .response-col_status").text


@needs_browser
async def test_the_page_shows_every_tag_and_a_call_can_be_made_from_it(
    world: World, served: str, browser: webdriver.Chrome
) -> None:
    client = await made_client(world, "370000")
    status = await asyncio.to_thread(try_the_page, browser, served, client)
    assert status.startswith("200")
    tags = [tag["name"] for tag in world.app.openapi()["tags"]]
    seen = [
        it.get_attribute("data-tag")
        for it in browser.find_elements(By.CSS_SELECTOR, ".opblock-tag")
    ]
    assert seen == tags
    assert all_local(asked_for(browser), served)
    assert not complaints(browser)


@needs_browser
async def test_the_reading_page_renders_from_this_machine_alone(
    served: str, browser: webdriver.Chrome
) -> None:
    def read() -> str:
        browser.get(f"{served}/redoc")
        return shown(browser, "#redoc h1").text

    heading = await asyncio.to_thread(read)
    assert "工伤保险跨省异地就医直接结算平台" in heading
    assert all_local(asked_for(browser), served)
    assert not complaints(browser)


async def test_the_root_leads_to_the_page(world: World) -> None:
    answer = await world.http.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def test_an_asset_that_does_not_exist_is_a_problem_like_any_other(world: World) -> None:
    answer = await world.http.get("/docs/assets/..%2fcore.py")
    assert answer.status_code == 404
    assert answer.json()["code"] == "no-such-path"
