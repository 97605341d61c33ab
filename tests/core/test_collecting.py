"""Holding the garbage collector back while very many objects are made."""

import gc

import pytest

from sam_inspector.core.collecting import many_new_objects


@pytest.fixture(autouse=True)
def tidy():
    yield
    gc.enable()
    gc.unfreeze()


def test_nothing_is_collected_meanwhile_and_what_is_there_is_passed_over_afterwards():
    runs = []
    gc.callbacks.append(lambda phase, info: runs.append(phase))
    try:
        gc.collect()
        runs.clear()
        with many_new_objects():
            kept = [[] for _ in range(100_000)]
            assert not runs
        assert gc.isenabled()
        assert gc.get_freeze_count() >= len(kept)
        assert not any(each is kept for each in gc.get_objects())
    finally:
        gc.callbacks.pop()


def test_an_error_leaves_the_collector_as_it_was():
    with pytest.raises(ValueError, match="no"), many_new_objects():
        raise ValueError("no")
    assert gc.isenabled()
    gc.disable()
    with many_new_objects():
        pass
    assert not gc.isenabled()
