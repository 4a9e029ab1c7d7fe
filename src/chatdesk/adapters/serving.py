"""A uvicorn server that stops although streams are open."""

import socket
from typing import TYPE_CHECKING

from chatdesk._extras import require_extra
from chatdesk.adapters.asgi import ChatDeskApp

if TYPE_CHECKING:
    import uvicorn


def make_server(config: "uvicorn.Config", *apps: ChatDeskApp) -> "uvicorn.Server":
    """A server that ends the streams of `apps`, wherever they are mounted, when it begins to stop.

    uvicorn alone waits for open connections first, and an event stream never ends by itself. Needs
    the extra `serve`; raises `MissingExtra`.
    """
    require_extra("serve", "uvicorn")
    import uvicorn

    class DeskServer(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for app in apps:
                app.stop()
            await super().shutdown(sockets)

    return DeskServer(config)
