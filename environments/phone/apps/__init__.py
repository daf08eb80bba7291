"""The apps of the phone: each is one file, and one line in `table.py`."""
