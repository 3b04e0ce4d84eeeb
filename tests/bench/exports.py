#!/usr/bin/env python3
"""Many FUSE exports in one daemon: what they take, how long they take to come and go, and what a client waits for.

    tests/bench/exports.py [--counts 1,100,1000] [PROG [OPTION...]]

Without PROG: ours over the device, ours over io_uring, and the real daemon (QSD4J_REAL_BIN, default /opt/qemu-sid-bin), one
after another. Each export is of a node of its own, null-co. In the middle all exports are used once. Then come a storm of
stat(2) and a search for data in a file of 2 TiB with a sector of data in every 2 GiB. As root.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARAMETER = "/sys/module/fuse/parameters/enable_uring"
SPARSE = 2 << 40
STEP = 2 << 30
MIB = 1 << 20


class Daemon:
    def __init__(self, command, directory):
        self.directory = directory
        path = os.path.join(directory, "qmp")
        self.process = subprocess.Popen([*command, "--chardev", f"socket,id=c,path={path},server=on,wait=off", "--monitor", "c"])
        for _ in range(600):
            if os.path.exists(path):
                break
            time.sleep(0.05)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": {k.replace("_", "-"): v for k, v in arguments.items()}}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                sys.exit(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def wait_for_exports(self, count):
        while len(self.command("query-block-exports")) > count:
            time.sleep(0.01)

    def status(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            found = dict(line.split(":", 1) for line in file)
        return int(found["VmRSS"].split()[0]) / 1024, int(found["Threads"])

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit("SIGTERM does not end it")
        return time.monotonic() - start, status


def mount(directory, number):
    path = os.path.join(directory, f"m{number}")
    open(path, "ab").close()
    return path


def many(command, directory, count):
    daemon = Daemon(command, directory)
    bare, _ = daemon.status()
    start = time.monotonic()
    for i in range(count):
        daemon.command("blockdev-add", driver="null-co", node_name=f"n{i}", size=MIB)
        daemon.command("block-export-add", type="fuse", id=f"e{i}", node_name=f"n{i}", mountpoint=mount(directory, i), writable=True)
    added = time.monotonic() - start
    rss, threads = daemon.status()
    for i in range(count):
        with open(mount(directory, i), "rb", buffering=0) as file:
            file.read(4096)
    used_rss, _ = daemon.status()
    before = daemon.cpu_seconds()
    time.sleep(5)
    idle = (daemon.cpu_seconds() - before) / 5 * 100
    start = time.monotonic()
    half = (count + 1) // 2
    for i in range(half):
        daemon.command("block-export-del", id=f"e{i}")
    daemon.wait_for_exports(count - half)
    deleted = time.monotonic() - start
    ended, status = daemon.stop()
    print(f"  {count:5d} exports: add {added * 1000 / count:7.2f} ms each, RSS {bare:.0f} -> {rss:.0f} -> {used_rss:.0f} MiB, "
          f"{threads} threads, idle {idle:.2f} % CPU, delete {deleted * 1000 / half:.2f} ms each, "
          f"SIGTERM with the rest {ended * 1000:.0f} ms, exit {status}", flush=True)


def clients(command, directory):
    image = os.path.join(directory, "sparse")
    with open(image, "wb") as file:
        file.truncate(SPARSE)
        for at in range(STEP // 2, SPARSE, STEP):
            file.seek(at)
            file.write(b"x")
    daemon = Daemon(command, directory)
    daemon.command("blockdev-add", driver="raw", node_name="n", file={"driver": "file", "filename": image})
    path = mount(directory, "sparse")
    daemon.command("block-export-add", type="fuse", id="e", node_name="n", mountpoint=path, writable=True)
    fd = os.open(path, os.O_RDONLY)
    for _ in range(2):
        start, at, found = time.monotonic(), 0, 0
        while True:
            try:
                at = os.lseek(fd, at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(fd, at, os.SEEK_HOLE)
            found += 1
        seeks = time.monotonic() - start
    # AT_STATX_FORCE_SYNC: the kernel remembers attributes for a second, and would answer by itself.
    program = ("import ctypes,sys,time; c=ctypes.CDLL(None); b=ctypes.create_string_buffer(256); p=sys.argv[1].encode(); "
               "e=time.monotonic()+2; n=0\nwhile time.monotonic()<e:\n for _ in range(100): c.statx(-100,p,0x2000,0x7ff,b)\n n+=100\nprint(n/2)")
    before = daemon.cpu_seconds()
    storm = [subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    rate = sum(float(process.communicate()[0]) for process in storm)
    cpu = daemon.cpu_seconds() - before
    os.close(fd)
    daemon.stop()
    print(f"  {found} pieces of data in 2 TiB: {seeks * 1e6 / found:.0f} us a piece; stat storm of 4 programs: {rate:.0f}/s,"
          f" {cpu * 1e6 / (2 * rate):.1f} us CPU each", flush=True)
    os.unlink(image)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--counts", default="1,100,1000")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # through the clean-up below
    ours = os.path.join(HOME, "bin", "qemu-storage-daemon")
    real = os.path.join(os.environ.get("QSD4J_REAL_BIN", "/opt/qemu-sid-bin"), "qemu-storage-daemon")
    commands = [options.program] if options.program else [[ours, "--fuse-io-uring", "off"], [ours, "--fuse-io-uring", "on"], [real]]
    before = None
    if os.path.exists(PARAMETER):
        with open(PARAMETER, encoding="ascii") as file:
            before = file.read()
        with open(PARAMETER, "w", encoding="ascii") as file:
            file.write("Y")
    directory = tempfile.mkdtemp(prefix="qsd4j-exports-")
    try:
        for command in commands:
            print(" ".join(command))
            for count in options.counts.split(","):
                many(command, directory, int(count))
            clients(command, directory)
    finally:
        if before is not None:
            with open(PARAMETER, "w", encoding="ascii") as file:
                file.write(before)
        with open("/proc/mounts", encoding="utf-8") as mounts:
            for line in mounts:
                if line.split()[1].startswith(directory):
                    subprocess.run(["umount", "-l", line.split()[1]], check=False)
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
