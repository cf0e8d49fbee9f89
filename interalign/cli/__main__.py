"""`python -m interalign.cli`: the same as `interalign`, for launchers that start a module, such as `accelerate launch -m`."""

from interalign.cli import main

if __name__ == "__main__":
    main()
