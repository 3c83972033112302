"""The stage `heatmap`: evidence becomes one small map per target; controls and imported maps do without a network."""
