"""The page: one HTML file that answers which, by how much, why, and shows it."""
