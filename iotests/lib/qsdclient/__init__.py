"""A small client for qemu-storage-daemon and programs with its command line.

Standard library only; copy the directory into a tool of your own.  Example:

    from qsdclient import StorageDaemon

    with StorageDaemon("qemu-storage-daemon") as qsd:
        qsd.qmp.execute("blockdev-add", {"driver": "null-co", "node-name": "disk", "size": 1 << 30})
        for node in qsd.qmp.execute("query-named-block-nodes"):
            print(node["node-name"], node["image"]["virtual-size"])
"""

from .daemon import DaemonError, StorageDaemon
from .qmp import QmpClient, QmpCommandError, QmpError, QmpTimeout

__all__ = ["DaemonError", "QmpClient", "QmpCommandError", "QmpError", "QmpTimeout", "StorageDaemon"]
