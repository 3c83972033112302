"""What lies on disk: the formats of stage files, a module for the files of each stage, and how files are read.

A change of meaning or of fields is a new version of a format: the file's folder gets another name by it, and old files
are refused in one line.
"""
