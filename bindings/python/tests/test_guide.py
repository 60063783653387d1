"""docs/bindings/python.md: its files are run, and its types checked, as an app's would be."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs/bindings/python.md"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with every block of the page that says which file it is."""
    blocks = re.findall(r"^```(?:python|ini)\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    names = [name for name, _ in blocks]
    assert names == ["reader.py", "kiosk.py", "pytest.ini", "test_kiosk.py"]
    for name, text in blocks:
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_page_shows_nothing_that_is_not_run() -> None:
    kinds = re.findall(r"^```(\w+)$", PAGE.read_text(), re.M)
    # bindings/python/test runs the one in sh.
    assert sorted(kinds) == ["ini", "python", "python", "python", "sh"]


def test_the_code_of_the_page_runs(app: Path) -> None:
    ran = run(app, "pytest", "-q", "-p", "no:cacheprovider")
    assert "5 passed" in ran


def test_the_code_of_the_page_is_typed(app: Path) -> None:
    cache = os.environ.get("MYPY_CACHE_DIR", str(app / "cache"))
    run(app, "mypy", "--strict", "--cache-dir", cache, "test_kiosk.py", "kiosk.py", "reader.py")


def run(folder: Path, *command: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
