"""`python -m sam_inspector` is `sam-inspector`."""

from sam_inspector.cli import main

if __name__ == "__main__":
    main()
