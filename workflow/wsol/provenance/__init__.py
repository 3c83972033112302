"""What a result was made from: the library's code, the user's files, and whether the results are still whole."""
