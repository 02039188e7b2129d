"""`node.tasks`: what fails beside the main road is not lost."""

import asyncio

import pytest

from node.tasks import Tasks


async def fail(text: str) -> None:
    await asyncio.sleep(0)
    raise ValueError(text)


def test_the_first_failure_is_raised_to_whoever_watches() -> None:
    async def play() -> None:
        tasks = Tasks()
        watching = asyncio.ensure_future(tasks.watch())
        tasks.spawn(asyncio.sleep(0))
        await asyncio.sleep(0.01)
        assert not watching.done()
        tasks.spawn(fail("first"))
        tasks.spawn(fail("second"))
        with pytest.raises(ValueError, match="first"):
            await asyncio.wait_for(watching, 5)
        with pytest.raises(ValueError, match="first"):  # also who comes later
            await asyncio.wait_for(tasks.watch(), 5)
        assert len(tasks) == 0

    asyncio.run(play())


def test_made_before_there_is_a_loop_and_failed_from_outside_a_task() -> None:
    tasks = Tasks()
    tasks.fail(ValueError("early"))
    tasks.fail(ValueError("late"))
    with pytest.raises(ValueError, match="early"):
        asyncio.run(tasks.watch())


def test_stopping_cancels_and_waits_and_is_no_failure() -> None:
    async def play() -> None:
        tasks, ended = Tasks(), []

        async def work() -> None:
            try:
                await asyncio.sleep(1_000)
            finally:
                await asyncio.sleep(0.01)
                ended.append(True)

        for _ in range(3):
            tasks.spawn(work())
        await asyncio.sleep(0)
        await tasks.stop()
        assert (len(ended), len(tasks)) == (3, 0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(tasks.watch(), 0.01)

    asyncio.run(play())
