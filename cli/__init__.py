"""The command line: a skin over the runtime."""

__version__ = "0.1.0"
