"""Shows that checks can be believed: every fault is reported by what must report it, no legal variation by anything."""
