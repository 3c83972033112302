"""An experiment's config, checked and resolved into decisions and runs: what the rules ask."""
