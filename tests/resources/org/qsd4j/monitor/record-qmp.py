#!/usr/bin/env python3
"""Records what the real qemu-storage-daemon answers to odd QMP input, for QmpRecordingTest.

usage: record-qmp.py QEMU-STORAGE-DAEMON > qmp-recording.txt

A line of input begins with how the connection was set up: "-" not negotiated, "n" negotiated, "o" negotiated with oob,
"p" negotiated on a monitor with pretty=on. The line below is the raw answer, from the greeting on. Bytes outside
printable ASCII are written \\xNN, a backslash \\\\.
"""
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

END = b'the-end'
CLOSING = b"\xff{'execute':'x','id':'" + END + b"'}"
SETUP = {
    '-': b'',
    'n': b"{'execute':'qmp_capabilities'}",
    'o': b"{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}",
    'p': b"{'execute':'qmp_capabilities'}",
}


def q(text):
    return text.encode('latin1')


PARSER = [q(case) for case in r'''
{|}|{]|[}|[1 2]|{"a" 1}|{"a":}|x|nul|"abc|{"a":1,"a":2}|{a|1|[]|"x"|null|true|[1,]|{"a":1,}|1.|-|01|1e|1.5e+|{1:2}|\|"\x"|"\u12"|"\ud800"
%d|[%d]|%]|%x ]|%x "a"|%x 1]|%]]|% {|%:|%,1|%'a'|12abc|-a|1.a|1e5x|tru{|-0|00|- 1|+1|.5|[12abc]|[1.a]|[-a]|[1.5.5]|[1e5.5]|[0x10]|[01]|TRUE
[True]|[true1]|[a_b]|[a-b]|[nullx]|{"a":}}|[}]|{]}|{"a" 1 [ }]} |[[}]]x|{"a":1 x [}|{]]]|{{}|{"a" [1}|{"a" {]|{"a" ]]]}x|[1 {]x|[1 {}]x|{"a":1]
{"a":[}]x|[1 2 % 3] x|{"a":1,"a":2,"b"|{,}|[,]|:|,|"a":1|1 2 3|[]]|{}}|{}|{"id":1}|{"a" 1 "\x" }y|["\x" "\x" ]y|{"a":"\x", [}|"\x"y|[1 01 ]x
"\u0000"|"\u0001"|"\ud83d\ude00"|"\ud83dx"|"\ud83d\n"|"\ud83d\u0041"|"\ude00"|"\uffff"|"\ufffe"|"\ufdd0"|"\ug000"|"\u00e"|"\u"|"\u00E9"
"\/\b\f\n\r\t\"\'\\"|'\q'|'a"b'|'a\'b'|"%d"|"%"|{"a":1,"a":[1]}|{"a":1,"a":{"b":2}}x|{"a":1,"a"}|{"a":1,"a":}|{"a":[1,2],"a" :  [1,{"c":1,"c":2}]}
"\ud83d\udg00"|"\ud83d\u"|"\ud83d\ud83d\ude00"|"\ude00\ud83d"|"ab\u12345\ud800"|"\u 123"|"\u+123"|"\|{"\x":1}|{nul:1}|{null:1}|{true:1}|{[]:1}
{"a":1,[]}|{"a":tru}|[fals]|[1,2|{"a":1 , }|[[1,],2]x|{"a" : { "b" : [ { } , { "c" : 1e } ] } }|'|''|'\|"|{'a':'b|[[[[}}}}]]]]x
'''.replace('\n', '|').split('|') if case]
PARSER += [
    b'"a\nb"', b'\n\n  {"a":1,,}', b'\x01', b'"\x80"', b'%x\n]', b'%\x01', b'%\t1 2', b'"\t"', b'"\x7f"', b'"\x1f"', b'"\r"',
    b'\x00', b'\x7f', b'[\x0b1]', b'[\x0c1]', b'\r\n[}', b'\xc3\xa9', b'"\xc3\xa9', b'[\xc3\xa9]', b'[1 2 "abc\n 3] x',
    b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xef\xbf\xbf"', b'"\xef\xb7\x90"', b'"\xe2\x82"', b'"\xc3\xa9"',
    b'"\xfe"', b'"\xff"', b'\xfe', b'"\xf8\x88\x80\x80\x80"', b'"\xc1\xbf"', b'%\r1', b'%\n1', b'%\x7f1]', b'%\xfe1', b'%\xff1',
    b'%\x001', b'[1\n}', b'[1\n  }', b'"\xe2\x82\x01', b'"\xe2\x82\xff', b'"\xe2\x82\xac\xff', b'"\xf0\x9f\x98\x01',
    b'"\xf0\x9fa\x01', b'"\x80\x80\x01', b'"\xf8\x88\x80\x80\x80\x01', b'"\xfc\x84\x80\x80\x80\x80\x01', b'"\xed\xa0\x80\x01',
    b'"\xc0\x80\x01', b'"\xc1\x81\x01', b'"\xef\xbf\xbf\x01', b'"\xf5\x80\x80\x80\x01', b'"\xfd\x80\x01', b'"\xc3\x01',
    b'"\\\x01"', b'"a\\\xfe"', b'{"\xff":1}', b'a' * 1500, b'[' + b'a' * 1500 + b']', b'"' + b'a' * 1500 + b'\x01',
    b'1' * 1500 + b'.x', b'a' * 1005, b'a' * 1006, b'a' * 1007, b'"' + b'b' * 1013 + b'\x01', b'"' + b'b' * 1014 + b'\x01',
    b'"' + b'\xc3\xa9' * 600 + b'\x01', b'[' * 1024, b'[' * 1025, b'[' * 1030 + b'x', b'[' * 1025 + b']' * 1025 + b'x',
    b'{"a":' * 1024 + b'1' + b'}' * 1024, b'{"a":' * 1025, b'[1 2' + b'[' * 1025 + b']' * 3 + b'x',
]
IDS = [q(case) for case in r'''
1|-0|-1|9223372036854775807|9223372036854775808|18446744073709551615|18446744073709551616|-9223372036854775808|-9223372036854775809|1.0|0.1|1e5
1E5|1e+5|1e-5|1e-400|1.5e300|123456789012345678901234567890|-0.0|[1,{"b":2,"a":null},true,"x"]|{}|[]|null|0e0|1e16|1e17|123456.789e3|"\u0000x"
"\u00e9\ud83d\ude00\u007f\u2028"|{"z":1,"y":2,"x":3,"execute":4,"id":5,"return":6}|[[],{},[{}]]|5e-324|1.7976931348623157e308|0.1e1|100000000000000000000
"a/b\\c\"d\b\f\n\r\t\u0001\u001f"|12345678901234567|1.23456789012345678|true|false
'''.replace('\n', '|').split('|') if case]
REQUESTS = [q(case) for case in r'''
{"execute":"query-version"}|{"execute":"query-version","id":{"a":[1,2.5,null]}}|{"execute":1}|{"execute":null}|{"execute":["x"]}
{"execute":"nope"}|{"execute":"nope","id":"x"}|{"execute":"nope","foo":1}|{"foo":1}|{"foo":1,"bar":2,"id":3}|{"arguments":{}}
{"execute":"query-version","arguments":1}|{"execute":"nope","arguments":[]}|{"execute":"query-version","arguments":{}}
{"execute":"query-version","arguments":{"a":1}}|{"execute":"query-version","arguments":{"b":1,"a":1}}|{"execute":"query-version","arguments":null}
{"exec-oob":"query-version"}|{"exec-oob":"nope"}|{"exec-oob":1}|{"exec-oob":"query-version","execute":"query-version"}|{"exec-oob":"x","id":7}
{"exec-oob":"qmp_capabilities"}|{"exec-oob":"query-version","arguments":1}|{"exec-oob":"query-version","foo":1}|{"exec-oob":"a","execute":1}
{"execute":"qmp_capabilities"}|{"execute":"qmp_capabilities","id":1}|{"execute":"qmp_capabilities","arguments":{"enable":[]}}
{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}|{"execute":"qmp_capabilities","arguments":{"enable":["foo"]}}
{"execute":"qmp_capabilities","arguments":{"enable":"oob"}}|{"execute":"qmp_capabilities","arguments":{"enable":[1]}}
{"execute":"qmp_capabilities","arguments":{"enable":["oob","oob"]}}|{"execute":"qmp_capabilities","arguments":{"foo":1}}
{"execute":"qmp_capabilities","arguments":{"enable":null}}|{"execute":"qmp_capabilities"}{"execute":"qmp_capabilities"}{"execute":"query-version"}
{"execute":"query-version"}{"execute":"qmp_capabilities"}{"execute":"query-version"}|{'execute':'query-version','id':'single'}
{"execute":"query-version"}{"execute":"query-version","id":2}[1]{"execute":"x"}|[{"execute":"query-version"}]|"query-version"|{"id":[]}
{"execute":"query-version","id":1,"id":2}|{"execute":"query-version"}}{"execute":"query-version"}|{"Execute":"query-version"}
{"execute":"query-version", "comment":"x"}|{"execute":""}|{"execute":"query-version\u0000"}|{"execute":"\u00e9"}|{"execute":"%s"}|{"":1}
'''.replace('\n', '|').split('|') if case]
REQUESTS += [b'{"execute":\r\n\t"query-version"\n}\n', b'{"execute":"a\xc0\x80b"}', b'{"execute":"\xc3\xa9\xf0\x9f\x98\x80\x7f"}',
             b'{"execute":"' + b'z' * 1500 + b'"}', b'{"' + b'z' * 1500 + b'":1}',
             b'\xff\xff{"execute":"query-version"}\xff', b'{"execute":"query-version"\xff{"execute":"query-version"}',
             b' ' * 5000 + b'{"execute":"query-version"}']


def mutated(count):
    chance = random.Random(20)
    base = [b'{"execute":"query-version","id":{"a":[1,-2.5e3,null,true],"b":"x\\u00e9y"}}', b"['a',{'b':[]},12]",
            b'{"execute": "nope", "arguments": {"k": [0, "v"]}}\n[false]']
    letters = list(b'{}[]:,"\'\\0123456789eE+-.truefalsn \n\t%\x00\x1f\x7f\x80\xc3\xa9\xff')
    for _ in range(count):
        text = bytearray(chance.choice(base))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text))
            kind = chance.randrange(4)
            if kind == 0:
                del text[at:at + chance.randint(1, 5)]
            elif kind == 1:
                text[at] = chance.choice(letters)
            else:
                text.insert(at, chance.choice(letters))
            if not text:
                text = bytearray(b'?')
        yield bytes(text)


class Daemon:
    def __init__(self, binary, options):
        self.last = b'\r\n}\r\n' if options else b'}\r\n'
        self.path = os.path.join(tempfile.mkdtemp(), 'qmp')
        self.process = subprocess.Popen([binary, '--chardev', 'socket,id=c,server=on,wait=off,path=' + self.path,
                                         '--monitor', 'c' + options])
        while not os.path.exists(self.path):
            time.sleep(0.01)

    def exchange(self, data):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(self.path)
            client.sendall(data)
            answer = b''
            while END not in answer or not answer.endswith(self.last):
                answer += client.recv(65536)
            return answer


def escaped(data):
    return ''.join('\\\\' if b == 92 else chr(b) if 32 <= b < 127 else '\\x%02x' % b for b in data)


def main():
    plain = Daemon(sys.argv[1], '')
    pretty = Daemon(sys.argv[1], ',pretty=on')
    try:
        cases = [('n', case) for case in PARSER]
        cases += [('n', b'{"execute":"q","id":%s}' % case) for case in IDS]
        cases += [(setup, case) for setup in '-nop' for case in REQUESTS]
        cases += [('n', case) for case in mutated(400)]
        cases += [('p', b'{"execute":"q","id":%s}' % case) for case in IDS]
        for setup, case in cases:
            data = SETUP[setup] + case + CLOSING
            print(setup, escaped(data))
            print(escaped((pretty if setup == 'p' else plain).exchange(data)))
    finally:
        plain.process.kill()
        pretty.process.kill()


if __name__ == '__main__':
    main()
