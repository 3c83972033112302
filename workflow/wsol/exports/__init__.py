"""What leaves the project: results in forms that other tools read, one form a file."""
