"""Results folders that were made apart, put together: their runs in one set of tables and one report.

A folder is taken as it is carried: its stage files, and the record of its experiment (`files/recorded.py`). Its config,
its data and its images need not be there.
"""
