"""One sweep and what is known about it: samples, stimulus, spikes, features; and the cell that it is of."""
