"""What a result was made from: the library's code, the user's files, and whether the results are still whole.

A room that knows nothing of experiments: it judges files by what lies there.
"""
