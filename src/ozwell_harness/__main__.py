"""``python -m ozwell_harness``."""

from ozwell_harness.cli import main

if __name__ == "__main__":
    main()
