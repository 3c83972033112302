"""The report's page: one HTML file that needs nothing beside it, and its figures and tables as files of their own."""
