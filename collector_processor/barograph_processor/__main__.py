"""``python -m barograph_processor``."""

from barograph_processor.cli import main

if __name__ == "__main__":
    main()
