"""The mock's little model: a deterministic answer to any dialogue, with the manners of a real one."""
