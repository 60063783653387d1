"""The wheels as they are installed."""

import importlib.metadata
import sys
import tomllib
from pathlib import Path

import kazasu_testing
import pytest

import kazasu

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("package", [kazasu, kazasu_testing])
def test_the_installed_wheel_is_what_is_tested(package: object) -> None:
    file = Path(str(getattr(package, "__file__", None)))
    assert file.is_relative_to(sys.prefix) and not file.is_relative_to(ROOT)
    here = {path.name for path in file.parent.iterdir()}
    assert {"py.typed", "LICENSE-MIT", "LICENSE-APACHE"} <= here


@pytest.mark.parametrize("name", ["kazasu", "kazasu-testing"])
def test_a_wheel_has_the_version_of_the_workspace(name: str) -> None:
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    assert importlib.metadata.version(name) == workspace["version"]
    assert sys.platform in (importlib.metadata.distribution(name).read_text("WHEEL") or "")


def test_the_testing_package_wants_the_same_version_of_the_library() -> None:
    version = importlib.metadata.version("kazasu")
    assert importlib.metadata.requires("kazasu-testing") == [f"kazasu=={version}"]


def test_an_app_does_not_need_the_testing_package() -> None:
    assert importlib.metadata.requires("kazasu") is None


@pytest.mark.parametrize("package", [kazasu, kazasu_testing])
def test_every_public_name_is_documented(package: object) -> None:
    for name in vars(package)["__all__"]:
        assert getattr(package, name).__doc__, name
