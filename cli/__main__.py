"""`python -m cli` is `xieban`."""

from cli import main

main()
