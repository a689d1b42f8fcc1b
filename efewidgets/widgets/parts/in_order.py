"""What a person types reaches the kernel before what they press next, however busy it is.

The page keeps back a control's changes while the kernel hasn't answered the one before, but sends a button's press at
once: on a busy kernel or a slow line a press overtook the words that it was about (jupyter-widgets' ``msg_throttle``).
"""

from __future__ import annotations

import anywidget
import traitlets

from .style import static

#: Has the front end send at once what it keeps back: ``visit(model, new Set())``, the model and all that is in it
SENDING = static(__file__, "sending.js") + "\n"


class InOrder(anywidget.AnyWidget):
    """Stands unseen in a widget, and has what is kept back of it sent before each press.

    Parameters
    ----------
    within : str
        Model id of the widget whose controls are meant.
    """

    _esm = SENDING + static(__file__, "in_order.js")

    within = traitlets.Unicode().tag(sync=True)

    def __init__(self, within: str):
        super().__init__(within=within, layout={"display": "none"})
