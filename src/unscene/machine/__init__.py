"""What a job runs on: the engine of the device stages, batches, devices and scratch space."""
