#!/usr/bin/env python3
"""Records what the real qemu-storage-daemon answers to commands about objects, for QomRecordingTest.

usage: record-qom.py QEMU-STORAGE-DAEMON > qom-recording.txt

A line with a command is followed by one with its answer; all of them are one session with one daemon.
"""
import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time


def command(name, **arguments):
    return json.dumps({'execute': name, 'arguments': arguments})


def add(qom_type, id, **properties):
    properties = {key.replace('_', '-'): value for key, value in properties.items()}
    return command('object-add', **{'qom-type': qom_type, 'id': id}, **properties)


def encrypted_secrets():
    """Every failure of a secret that is encrypted with another one, in the order of the checks."""
    key = base64.b64encode(b'0123456789abcdef0123456789abcdef').decode()
    iv = base64.b64encode(b'fedcba9876543210').decode()
    yield add('secret', 'k', data=key, format='base64')
    yield add('secret', 'short', data='hello')
    yield add('iothread', 'thread')
    for name, properties in {
            'e1': dict(data='x', keyid='nope'), 'e2': dict(data='x', keyid='short'), 'e3': dict(data='x', keyid='thread'),
            'e4': dict(data='x', iv='AAAA'), 'e5': dict(data='x', keyid='k'), 'e6': dict(data='x', keyid='k', iv='AAAA'),
            'e7': dict(data='x', keyid='k', iv='@'), 'e8': dict(data='x', keyid='k', iv=iv),
            'e9': dict(data='@@@', keyid='k', iv=iv, format='base64'), 'e10': dict(data='AAAA', keyid='k', iv=iv, format='base64'),
            'e11': dict(data='AAAAAAAAAAAAAAAAAAAAAA==', keyid='k', iv=iv, format='base64'),
            'e12': dict(data='', keyid='k', iv=iv, format='base64'), 'e13': dict(keyid='nope'),
            'e14': dict(data='x', file='y', keyid='nope')}.items():
        yield add('secret', name, **properties)


def commands():
    yield add('iothread', 'i0')
    for path in ['/objects/i0', 'i0', 'objects/i0', 'objects', '', '/', '/nope', 'nope', '/objects/i0/', '//objects//i0',
                 '/objects/i0/x', '/backend', 'audiodevs', '/objects/compat_monitor0', 'compat_monitor0', ' i0', 'I0', '//']:
        yield command('qom-list', path=path)
    for name in ['poll-max-ns', 'type', 'nope', '', 'aio-max-batch', 'thread-pool-max', 'thread-pool-min', 'poll-weight',
                 'poll-grow', 'poll-shrink']:
        yield command('qom-get', path='/objects/i0', property=name)
    for path, name in [('/nope', 'x'), ('/objects', 'i0'), ('/', 'objects'), ('/', 'type'), ('', 'type'),
                       ('/objects/compat_monitor0', 'chardev'), ('/objects/compat_monitor0', 'pretty'),
                       ('/objects/compat_monitor0', 'close-action'), ('/objects/compat_monitor0', 'id'), ('/objects', 'x.y')]:
        yield command('qom-get', path=path, property=name)
    yield command('qom-list')
    yield command('qom-list', path=1)
    yield command('qom-get', path='/')
    yield command('qom-get', property='x')
    yield command('qom-get', path='/', property='type', x=1)
    for id in ['compat_monitor0', 'nope', 'i0', 'i0', '', '/']:
        yield command('object-del', id=id)
    yield command('object-del')
    for id in ['1x', '', 'a b', 'a/b', '-', 'x' * 200, 'é']:
        yield add('iothread', id)
    yield command('object-add', **{'qom-type': 'iothread'})
    yield command('object-add', id='x')
    yield add('nope', 'x')
    yield add('iothread', 'x', foo=1)
    big = 9223372036854775807
    for number, properties in enumerate([
            dict(poll_max_ns=-1), dict(poll_max_ns=big), dict(poll_max_ns=big + 1), dict(poll_max_ns='1'), dict(poll_max_ns=1.5),
            dict(poll_grow=-1), dict(poll_grow=5), dict(poll_shrink=-2), dict(poll_shrink=7), dict(aio_max_batch=-2),
            dict(aio_max_batch=3), dict(poll_weight=-2), dict(poll_weight=64), dict(poll_weight=63), dict(poll_weight=0),
            dict(thread_pool_min=-2), dict(thread_pool_max=-2), dict(thread_pool_max=0), dict(thread_pool_min=65),
            dict(thread_pool_min=65, thread_pool_max=66), dict(thread_pool_min=big), dict(thread_pool_min=2147483648),
            dict(thread_pool_max=2, thread_pool_min=3), dict(thread_pool_max=2147483647), dict(thread_pool_max=2147483648),
            dict(thread_pool_min=0, thread_pool_max=0), dict(poll_weight=-1, poll_grow=-1, aio_max_batch=-1, thread_pool_min=-1),
            dict(poll_shrink=-1, poll_max_ns=-1, thread_pool_max=-1), dict(thread_pool_max=0, poll_grow=-1)]):
        yield add('iothread', 'n%d' % number, **properties)
        yield command('qom-list', path='/objects')
    yield command('qom-get', path='n6', property='poll-grow')
    yield command('qom-get', path='n14', property='poll-weight')
    yield add('iothread', 'zero', poll_grow=0, poll_shrink=0, poll_weight=0, poll_max_ns=0, aio_max_batch=0)
    for name in ['poll-grow', 'poll-shrink', 'poll-weight', 'poll-max-ns', 'aio-max-batch']:
        yield command('qom-get', path='zero', property=name)
    yield add('iothread', 'n1')
    yield add('iothread', 'n1', poll_grow=-1)
    yield add('iothread', 'n1', thread_pool_max=0)
    for number in range(40):
        yield add('iothread', 'thread-%d' % number)
        if number % 5 == 0:
            yield command('qom-list', path='/objects')
    for number in range(0, 40):
        yield command('object-del', id='thread-%d' % number)
    yield add('secret', 's')
    yield add('secret', 's0', data='hello')
    yield command('qom-list', path='/objects/s0')
    for name in ['data', 'format', 'keyid', 'loaded', 'file', 'iv', 'type']:
        yield command('qom-get', path='/objects/s0', property=name)
    yield add('secret', 's0', data='again')
    yield add('secret', 's0')
    for number, properties in enumerate([
            dict(data='x', file='y'), dict(file='/nonexist'), dict(file='/tmp'), dict(file=''), dict(file='/dev/null'),
            dict(data='@@', format='base64'), dict(data='aGVs bG8=', format='base64'), dict(data='aGVsbG8', format='base64'),
            dict(data='aGV\nsbG8=\n', format='base64'), dict(data='', format='base64'), dict(data=''), dict(data='é'),
            dict(format='hex', data='x'), dict(format=1, data='x'), dict(data=1), dict(data='=', format='base64'),
            dict(data='====', format='base64'), dict(data='QQ==QQ==', format='base64'), dict(data='é', format='base64')]):
        yield add('secret', 't%d' % number, **properties)
    yield from encrypted_secrets()
    yield command('qom-get', path='/objects/e4', property='iv')
    yield command('object-del', id='k')
    yield command('qom-list-types', implements='iothread')
    yield command('qom-list-types', implements='nope')
    yield command('qom-list-types', implements=1)
    yield command('qom-list-types', implements='container')
    yield from setting()


def setting():
    """What can be written, what is kept of it, and what is refused."""
    for name in ['iothread', 'main-loop', 'secret', 'secret_keyring', 'secret_common', 'event-loop-base', 'container', 'object',
                 'chardev', 'chardev-socket', 'chardev-null', 'chardev-fd', 'monitor', 'monitor-qmp', 'user-creatable', 'interface',
                 'nope', '']:
        yield command('qom-list-properties', typename=name)
    yield add('iothread', 'w')
    yield add('main-loop', 'bad', aio_max_batch=-1)
    yield add('main-loop', 'bad', thread_pool_max=0)
    yield add('main-loop', 'ml', thread_pool_min=1)
    yield add('main-loop', 'ml2')
    big = 9223372036854775807
    for path in ['w', '/objects/ml']:
        for name in ['poll-max-ns', 'poll-grow', 'poll-shrink', 'poll-weight', 'aio-max-batch', 'thread-pool-min', 'thread-pool-max',
                     'type', 'nope']:
            for value in [5, 0, -1, 63, 64, 2147483648, big, big + 1, 1.5, '1', True, None, {}, []]:
                yield command('qom-set', path=path, property=name, value=value)
                yield command('qom-get', path=path, property=name)
    yield command('qom-set', path='ml', property='thread-pool-max', value=64)
    yield command('qom-list-get', paths=['w', 'ml', '/', '/chardevs', 'compat_monitor0', '/objects/s0'])
    yield command('qom-list-get', paths=[])
    yield command('qom-list-get', paths=['w', 'nope'])
    yield command('qom-list-get', paths=[1])
    yield command('qom-list-get')
    yield command('qom-set', path='w', property='poll-grow')
    yield command('qom-set', path='nope', property='poll-grow', value=1)
    for path, name in [('/', 'objects'), ('/objects', 'w'), ('/objects', 'nope'), ('/', 'type')]:
        yield command('qom-set', path=path, property=name, value='x')
    for name in ['data', 'file', 'iv', 'keyid', 'format']:
        for value in ['base64', 'x', 1, None, '']:
            yield command('qom-set', path='s0', property=name, value=value)
        yield command('qom-get', path='s0', property=name)
    for name, value in [('chardev', 'zz'), ('chardev', 1), ('close-action', 'x'), ('close-action', 1), ('pretty', 1), ('pretty', False),
                        ('close-action', 'none')]:
        yield command('qom-set', path='compat_monitor0', property=name, value=value)
        yield command('qom-get', path='compat_monitor0', property=name)
    for serial in [0, 1, -1, 2147483647, 2147483648, 'x', None]:
        yield add('secret_keyring', 'k1', serial=serial)
    yield add('secret_keyring', 'k1')
    for chardev in ['c', 'nope', '', 1]:
        yield add('monitor-qmp', 'm1', chardev=chardev)
    yield add('monitor-qmp', 'm1')
    yield add('monitor-qmp', 'compat_monitor0', chardev='c')
    yield add('monitor-qmp', 'm1', chardev='c', close_action='x')
    yield command('object-del', id='ml')
    yield command('object-del', id='w')
    yield command('qom-list', path='/objects')


def main():
    path = os.path.join(tempfile.mkdtemp(), 'qmp')
    daemon = subprocess.Popen([sys.argv[1], '--chardev', 'socket,id=c,server=on,wait=off,path=' + path, '--monitor', 'c'])
    try:
        while not os.path.exists(path):
            time.sleep(0.01)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            answers = client.makefile('rb')
            answers.readline()
            client.sendall(b"{'execute':'qmp_capabilities'}")
            answers.readline()
            for line in commands():
                client.sendall(line.encode())
                print(line)
                print(answers.readline().decode().strip())
    finally:
        daemon.kill()


if __name__ == '__main__':
    main()
