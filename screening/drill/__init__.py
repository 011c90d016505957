"""The drill: a made city day that walks through the same doors as a real one."""
