"""What answers in the place of handlers of Voila's and Jupyter's that fail."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.auth.logout import LogoutHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler  # type: ignore[import-untyped]
from voila.static_file_handler import (  # type: ignore[import-untyped]
    MultiStaticFileHandler,
    TemplateStaticFileHandler,
)
from voila.tornado.handler import TornadoVoilaHandler  # type: ignore[import-untyped]
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler  # type: ignore[import-untyped]

from .channels import Channels
from .many.entrance import Entrance


class _Shutdown(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed.

    The browser says so in a message that can't hold the token against forged requests, so that Voila refuses it
    and the kernel stays. A kernel's id is secret enough: only its own page knows it.
    """

    def check_xsrf_cookie(self) -> None:
        """Let it pass."""

    async def post(self, kernel_id: str) -> None:
        """End the kernel, unless it has ended by itself."""
        if kernel_id in self.kernel_manager:
            await super().post(kernel_id)


class _Kernel(KernelHandler):
    """Tells of a kernel whether it is there, and why the server has ended it."""

    @tornado.web.authenticated
    async def get(self, kernel_id: str) -> None:
        """Tell it."""
        kernels: Any = self.kernel_manager
        why = kernels.ended.get(kernel_id)
        if why is None:
            await ensure_async(super().get(kernel_id))
            return
        self.set_status(404)
        self.finish(json.dumps({"message": why.words, "efe": dataclasses.asdict(why)}))


class _Files:
    """Files that are there for all; an address that names none is not found, however odd it is."""

    def parse_url_path(self, path: str) -> str:
        """Return the part of an address that names a file."""
        return _found(super().parse_url_path, path)  # type: ignore[misc]

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return where a file is, if that is among ours."""
        return _found(super().validate_absolute_path, root, absolute_path)  # type: ignore[misc]

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Return a part of the address as text."""
        return _found(super().decode_argument, value, name)  # type: ignore[misc]


def _found(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call does; where it fails there is nothing to be found."""
    try:
        return call(*arguments)
    except (tornado.web.HTTPError, ValueError, AssertionError, UnboundLocalError):
        raise tornado.web.HTTPError(404) from None


class _StaticFiles(_Files, MultiStaticFileHandler):
    """Voila's own files."""


class _TemplateFiles(_Files, TemplateStaticFileHandler):
    """Files of templates."""

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """Return where a file is."""
        return _found(super().get_absolute_path, root, path)


#: What takes the place of handlers of Voila's and Jupyter's
_INSTEAD: dict[Any, tuple[Any, ...]] = {
    VoilaShutdownKernelHandler: (_Shutdown,),
    VoilaKernelWebsocketHandler: (Channels,),
    KernelHandler: (_Kernel,),
    TornadoVoilaHandler: (Entrance,),
    MultiStaticFileHandler: (_StaticFiles,),
    TemplateStaticFileHandler: (_TemplateFiles,),
    # there is nobody to log out, and Jupyter's page for it needs files that aren't served
    LogoutHandler: (tornado.web.ErrorHandler, {"status_code": 404}),
}


def ours(rule: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an address and what answers there, with our handler in the place of one that fails."""
    path, handler, *more = rule
    instead = _INSTEAD.get(handler, (handler,))
    return (path, *instead, *more[len(instead) - 1 :])
