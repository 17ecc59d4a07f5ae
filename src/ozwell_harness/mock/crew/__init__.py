"""A mock of several processes behind one port."""
