"""The stage `heatmap`: evidence becomes one small map a target; controls and imported maps do without a network."""
