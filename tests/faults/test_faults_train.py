"""The fault test of training on few kills; `make faults KIND=train` makes more."""

from faults_train import inject


def test_a_training_killed_at_a_random_step_ends_with_the_same_bytes(tmp_path):
    assert inject(1, seed=3, folder=tmp_path) == {"survived": 1, "clear_stop": 0, "silent": 0}
