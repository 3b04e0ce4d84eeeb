#!/usr/bin/env python3
"""Commands a second over one QMP connection: one at a time, and 10,000 sent ahead.

usage: qmp-rate.py DAEMON [DAEMON...]    each a qemu-storage-daemon, the real one or ours
"""
import os
import socket
import subprocess
import sys
import tempfile
import time

COUNT = 10000
COMMAND = b'{"execute": "query-version"}\n'


def resources(pid):
    with open('/proc/%d/status' % pid) as status:
        fields = dict(line.split(':', 1) for line in status)
    return {'fds': len(os.listdir('/proc/%d/fd' % pid)), 'threads': int(fields['Threads']),
            'rss KiB': int(fields['VmRSS'].split()[0])}


def rates(daemon):
    path = os.path.join(tempfile.mkdtemp(), 'qmp')
    process = subprocess.Popen([daemon, '--chardev', 'socket,id=c,server=on,wait=off,path=' + path, '--monitor', 'c'])
    try:
        while not os.path.exists(path):
            time.sleep(0.01)
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        answers = client.makefile('rb')
        answers.readline()
        client.sendall(b'{"execute": "qmp_capabilities"}')
        answers.readline()
        for _ in range(2):
            before = time.monotonic()
            for _ in range(COUNT):
                client.sendall(COMMAND)
                answers.readline()
            one = COUNT / (time.monotonic() - before)
            print('%s: one at a time %d/s' % (daemon, one), resources(process.pid))
        for _ in range(2):
            before = time.monotonic()
            pid = os.fork()
            if pid == 0:
                client.sendall(COMMAND * COUNT)
                os._exit(0)
            for _ in range(COUNT):
                answers.readline()
            os.waitpid(pid, 0)
            print('%s: sent ahead %d/s' % (daemon, COUNT / (time.monotonic() - before)), resources(process.pid))
    finally:
        process.terminate()
        process.wait()


for name in sys.argv[1:]:
    rates(name)
