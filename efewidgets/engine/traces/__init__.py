"""Pure numbers of one trace: units, interpolation, spikes, robust levels, thinning for the eye."""
