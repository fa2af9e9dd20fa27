"""A link between two network namespaces with a delay, jitter, losses, duplicates and an MTU, for kernels without netem.

Each end is a TUN device that is made here and moved into its namespace; packets are carried between them. Says "up" when
the link is, and ends, devices and all, when its standard input does.
"""
import argparse
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001


def end(namespace, address, mtu):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    made = fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"tritun%d", IFF_TUN_NO_PI))
    name = made[:16].rstrip(b"\0").decode()
    subprocess.run(["ip", "link", "set", name, "netns", namespace], check=True)
    for command in (["addr", "add", address, "dev", name], ["link", "set", name, "mtu", str(mtu), "up"]):
        subprocess.run(["ip", "-n", namespace, *command], check=True)
    return device


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ends", nargs=2, help="NAMESPACE,ADDRESS/LENGTH")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds each way")
    parser.add_argument("--jitter", type=float, default=0, help="milliseconds more or less; packets may overtake")
    parser.add_argument("--loss", type=float, default=0, help="percent each way")
    parser.add_argument("--duplicates", type=float, default=0, help="percent each way")
    parser.add_argument("--mtu", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    first, second = (end(*one.split(","), options.mtu) for one in options.ends)
    other = {first: second, second: first}
    under_way = []
    carried = 0
    print("up", flush=True)
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        readable, _, _ = select.select([first, second, sys.stdin], [], [], wait)
        if sys.stdin in readable and not sys.stdin.buffer.read1(1):
            return
        for device in readable:
            if device is sys.stdin:
                continue
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                continue
            copies = 0 if chance.random() * 100 < options.loss else 1 + (chance.random() * 100 < options.duplicates)
            for _ in range(copies):
                delay = options.delay + chance.uniform(-options.jitter, options.jitter)
                carried += 1
                heapq.heappush(under_way, (time.monotonic() + max(0, delay) / 1000, carried, other[device], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(under_way)
            try:
                os.write(device, packet)
            except OSError:
                pass  # The other end is not up yet, or its queue is full: a loss.


main()
