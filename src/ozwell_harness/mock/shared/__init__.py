"""State in Redis, shared by several mocks and kept over restarts."""
