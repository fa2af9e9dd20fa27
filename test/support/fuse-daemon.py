"""A FUSE file system of one folder that shows one file, in the kernel's own protocol (linux/fuse.h), without any library.

Usage: fuse-daemon.py MOUNTPOINT FILE [HANG[,HANG...]]
HANG is getattr, lookup, open, read or read@OFFSET (reads from there on): such a request for the file is taken and never
answered, as by a daemon that is stuck.
A daemon that was stopped (SIGSTOP) takes none at all. Prints "ready" once it is mounted. Needs root.
"""
import ctypes
import os
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = (
    1, 2, 3, 14, 15, 17, 18, 25, 26, 27, 28, 29)
INTERRUPT, BATCH_FORGET = 36, 42
ENOENT, ENOSYS = 2, 38

mountpoint, source = sys.argv[1], sys.argv[2]
hang = set(filter(None, (sys.argv[3] if len(sys.argv) > 3 else '').split(',')))
hang_from = min((int(each.split('@')[1]) for each in hang if each.startswith('read@')), default=float('inf'))
content = open(source, 'rb').read()
device = os.open('/dev/fuse', os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f'fd={device},rootmode=40000,user_id=0,group_id=0'.encode()
if libc.mount(b'hung', mountpoint.encode(), b'fuse', 6, options) != 0:
    sys.exit(f'mount: {os.strerror(ctypes.get_errno())}')


def answer(unique, error=0, data=b''):
    os.write(device, struct.pack('=IiQ', 16 + len(data), -error, unique) + data)


def attributes(node):
    size, mode, links = (0, 0o40755, 2) if node == 1 else (len(content), 0o100644, 1)
    return struct.pack('=QQQQQQIIIIIIIIII', node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, links, 0, 0, 0, 4096, 0)


first = True
while True:
    request = os.read(device, 1 << 18)
    _, opcode, unique, node = struct.unpack_from('=IIQQ', request)
    body = request[40:]
    name = {LOOKUP: 'lookup', GETATTR: 'getattr', OPEN: 'open', READ: 'read'}.get(opcode)
    if name in hang and (node == 2 or opcode == LOOKUP):
        continue
    if opcode == INIT:
        answer(unique, data=struct.pack('=IIIIHHIIHHI7I', 7, 31, 131072, 0, 12, 10, 131072, 1, 32, 0, 0, *[0] * 7))
        print('ready', flush=True)
    elif opcode == LOOKUP:
        if body.rstrip(b'\0') == b'capture.pcap':
            answer(unique, data=struct.pack('=QQQQII', 2, 0, 0, 0, 0, 0) + attributes(2))
        else:
            answer(unique, ENOENT)
    elif opcode == GETATTR:
        answer(unique, data=struct.pack('=QII', 0, 0, 0) + attributes(node))
    elif opcode in (OPEN, OPENDIR):
        answer(unique, data=struct.pack('=QII', 0, 1, 0))
    elif opcode == READ:
        _, offset, size = struct.unpack_from('=QQI', body)
        if offset + size > hang_from:
            continue
        answer(unique, data=content[offset:offset + size])
    elif opcode == READDIR:
        answer(unique)
    elif opcode in (RELEASE, FLUSH, RELEASEDIR):
        answer(unique)
    elif opcode not in (FORGET, INTERRUPT, BATCH_FORGET):
        answer(unique, ENOSYS)
