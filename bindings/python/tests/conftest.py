"""One university for all tests, and a look at what each test leaves behind."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from kazasu import kazasu_ffi
from kazasu_testing import Card, Page, University
from kazasu_testing import kazasu_testing as testing_ffi

import kazasu


@pytest.fixture(scope="session")
async def university() -> University:
    return await University.start()


@pytest.fixture
async def card(university: University) -> Card:
    return await university.issue_card()


@pytest.fixture
async def page(university: University) -> Page:
    return await university.open_page()


@pytest.fixture
async def tap(university: University, page: Page) -> kazasu.Tap:
    return await university.companion().open(page.link)


@pytest.fixture(autouse=True)
async def nothing_is_left_behind() -> AsyncIterator[None]:
    """No test leaves a call, a task, or an object that the native library still holds."""
    before = asyncio.all_tasks()
    yield
    # What was dropped in the last moment is cancelled in the loop's next turns.
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert asyncio.all_tasks() - before == {asyncio.current_task()}
    for ffi in kazasu_ffi, testing_ffi:
        assert len(ffi._UniffiContinuationHandleMap) == 0
    assert len(kazasu_ffi._UNIFFI_FOREIGN_FUTURE_HANDLE_MAP) == 0
    assert len(kazasu_ffi._UniffiFfiConverterTypeCardChannel._handle_map) == 0
    assert len(kazasu_ffi._UniffiFfiConverterTypeProgressListener._handle_map) == 0
