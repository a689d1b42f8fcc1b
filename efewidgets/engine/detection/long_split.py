"""What `edges.gains` says of steps in a whitened current, where a table of all places would be too large."""

from __future__ import annotations

import numpy as np

#: Cells of a table, places by samples, that is still made
MOST_CELLS = 1 << 24


def gains_of_steps(
    z: np.ndarray, starts: np.ndarray, response: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """How much of the squared error steps, and a mere slope, take away; to rounding as `edges.gains`.

    A whitened step is what the filter makes of it for a few samples, and constant from there on: all that is needed of
    it are sums of so few products, and sums from a sample to the end.

    Parameters
    ----------
    z : numpy.ndarray, shape (t,)
        Whitened current.
    starts : numpy.ndarray of int, shape (k,)
        Sample of `z` at which each step begins.
    response : numpy.ndarray, shape (order + 1,)
        Whitened unit step; its last value stays.
    slope : numpy.ndarray, shape (t,)
        Whitened unit slope.

    Returns
    -------
    gain, jump : numpy.ndarray, shape (k,)
        Of each step: what it takes away, beside a free level, and its height.
    rival : float
        Gain of the slope.
    """
    z, slope = z - z.mean(), slope - slope.mean()
    n, order = len(z), len(response) - 1
    last = float(response[-1])
    later = np.concatenate((np.cumsum(z[::-1])[::-1], np.zeros(order + 1)))
    along = last * later[starts + order]
    if order:
        along = (
            along + np.correlate(np.concatenate((z, np.zeros(order))), response[:order], mode="valid")[starts]
        )
    begun, stay = np.minimum(n - starts, order), np.maximum(n - starts - order, 0)
    sums = np.concatenate(([0.0], np.cumsum(response[:order])))[begun] + last * stay
    squares = np.concatenate(([0.0], np.cumsum(response[:order] ** 2)))[begun] + last**2 * stay
    power = np.maximum(squares - sums**2 / n, 1e-12)
    rival = float(np.einsum("i,i->", slope, z)) ** 2 / max(float(np.einsum("i,i->", slope, slope)), 1e-12)
    return along**2 / power, along / power, rival
