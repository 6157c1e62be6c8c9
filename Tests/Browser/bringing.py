"""A server with nothing on it, and files brought to it."""

import shutil
import tarfile

from chromium import Failure
from plots import equal
from session import EXAMPLE


def begin(run):
    """The page of a server that has nothing yet."""
    page, base = run.page, run.base
    page.look()
    paints = []
    # A neighbour's load may hold up one or another load of the page.
    while not paints or (min(paints) > 1000 and len(paints) < 5):
        page.open(f"{base}/")
        page.wait("document.querySelector('.welcome')")
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    if min(paints) > 1000:
        raise Failure(f"the first paints took {paints} ms")
    # The keyboard finds the way past the navigation first.
    page.press("Tab", virtual=9)
    equal(page.evaluate("document.activeElement.className"), "skip", "the first stop of the keyboard")
    run.look_at("empty")
    page.open(f"{base}/#/compare")
    page.wait("document.querySelector('h1')")
    page.open(f"{base}/#/nowhere")
    page.wait("document.querySelector('[role=alert]')")
    page.open(f"{base}/#/new")
    page.wait("document.querySelector('main a[href=\"#/files\"]')")
    page.click("main a[href='#/files']")
    page.wait("document.querySelectorAll('.zone').length === 2")
    run.expect_quiet()
    run.step(f"first paint after {min(paints):.0f} ms")


def bring(run):
    """Archives and folders, dropped and chosen."""
    page, folder = run.page, run.folder
    page.drop("section:nth-of-type(1) .zone", [f"{EXAMPLE}/model.tar"])
    name = page.wait("document.querySelector('section:nth-of-type(1) .notice.good code')?.textContent")
    [checkpoint] = [run.checkpoint] = run.api("/v1/checkpoints")["data"]
    equal(name, checkpoint["id"], "the checkpoint")
    with tarfile.open(f"{EXAMPLE}/model.tar") as archive:
        archive.extractall(f"{folder}/landscapes", filter="data")
    page.drop("section:nth-of-type(1) .zone", [f"{folder}/landscapes"])
    page.wait("document.querySelectorAll('section:nth-of-type(1) tbody tr').length === 2")
    packed = run.api("/v1/checkpoints")["data"][0]
    # A folder that the browser packs is the archive that tar makes.
    equal((packed["name"], packed["files"]), ("landscapes", checkpoint["files"]), "the folder that was dropped")
    # Without its scheduler: what is assumed then is told in the list.
    shutil.copytree(f"{folder}/landscapes", f"{folder}/bare", ignore=shutil.ignore_patterns("scheduler", "model_index.json"))
    page.drop("section:nth-of-type(1) .zone", [f"{folder}/bare"])
    page.wait("document.querySelectorAll('section:nth-of-type(1) tbody tr').length === 3")
    bare = run.api("/v1/checkpoints")["data"][0]
    equal([warning["code"] for warning in bare["warnings"]], ["assumed_schedule"], "what is assumed without a scheduler")
    run.check_warnings("section:nth-of-type(1)", bare, "the checkpoints")
    page.choose("input[aria-label='Choose files for a dataset']", [f"{EXAMPLE}/pictures.tar.gz"])
    page.wait("document.querySelector('section:nth-of-type(2) .notice.good')")
    [dataset] = [run.dataset] = run.api("/v1/datasets")["data"]
    with tarfile.open(f"{EXAMPLE}/pictures.tar.gz") as archive:
        some = [member for member in archive.getmembers() if member.isfile()][:24]
        archive.extractall(f"{folder}/few", some, filter="data")
    # One that is no picture, which is left out where that is asked for.
    with open(f"{folder}/few/broken.png", "w") as broken:
        broken.write("text")
    page.click("section:nth-of-type(2) .check input")
    page.choose("input[aria-label='Choose a folder for a dataset']", [f"{folder}/few"])
    page.wait("document.querySelectorAll('section:nth-of-type(2) tbody tr').length === 2")
    few = run.api("/v1/datasets")["data"][0]
    equal(few["images"], len(some), "the folder of pictures")
    equal([warning["code"] for warning in few["warnings"]], ["pictures_skipped"], "what was left out of it")
    run.check_warnings("section:nth-of-type(2)", few, "the datasets")
    run.expect_quiet()
    page.drop("section:nth-of-type(1) .zone", [f"{EXAMPLE}/train.sh"])
    page.wait("document.querySelector('section:nth-of-type(1) .notice.bad')?.textContent.includes('config.json')")
    run.expect_quiet("422")
    count = run.look_at("files")
    # What is deleted is asked about first.
    page.click("section:nth-of-type(2) tbody tr:first-child button")
    page.wait("document.querySelectorAll('section:nth-of-type(2) tbody tr').length === 1")
    equal(len(page.dialogs), 1, "questions")
    for one in (packed, bare):
        run.api(f"/v1/checkpoints/{one['id']}", method="DELETE")
    run.step(f"archives and folders by drop and by choice; refusals are shown; {count} texts and controls audited")
