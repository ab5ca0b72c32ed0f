"""A few of the faults of a run, every day: what is lost comes back by its cure, and trains nothing."""

import pytest
from faults_run import (
    CLEAR,
    SURVIVED,
    World,
    damage_and_verify,
    flip,
    kill_driver,
    lose_and_restore,
    lose_folder,
)

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("faults"), seed=20261128)


def test_a_lost_folder_comes_back_and_no_arm_is_trained_anew(world):
    assert lose_and_restore(world, lose_folder("results/edits")) == SURVIVED


def test_flipped_bits_are_named(world):
    assert {damage_and_verify(world, flip) for _ in range(10)} == {CLEAR}


@pytest.mark.dear
def test_a_killed_driver_ends_right(world):
    assert kill_driver(world) == SURVIVED
