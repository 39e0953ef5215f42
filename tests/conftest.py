"""What pytest leaves out."""

collect_ignore = ["typed_use.py"]  # mypy reads it
