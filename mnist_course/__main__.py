"""Run the command line: ``python -m mnist_course``."""

from mnist_course.cli import main

if __name__ == "__main__":
    main()
