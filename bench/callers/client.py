"""Asks jobs with grpcio: client.py HOST:PORT one|64|20/s SECONDS. Prints one line of JSON."""
import collections
import json
import sys
import threading
import time

import grpc

target, mode, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
end = time.monotonic() + seconds
jobs = 0
failed = collections.Counter()
lock = threading.Lock()
same = lambda message: message  # messages are bytes


def results(answer):
    """Results of a RunJobsResponse: field 1, repeated, each below 128 bytes."""
    at = count = 0
    while at < len(answer):
        length, at = answer[at + 1], at + 2
        if length > 127:
            length, at = (length & 127) | (answer[at] << 7), at + 1
        at += length
        count += 1
    return count


def unary(channel, _):
    global jobs
    call = channel.unary_unary("/trireme.v1.JobService/RunJob", same, same)
    while time.monotonic() < end:
        try:
            call(b"\x08\x01", timeout=10)
            with lock:
                jobs += 1
        except grpc.RpcError as error:
            with lock:
                failed[f"{error.code()}: {error.details()}"] += 1


def requests(per_second):
    tag, due = 0, time.monotonic()
    while due < end:
        tag = tag % 100 + 1
        yield bytes([10, 4, 8, tag, 16, 1])
        due += 1 / per_second
        time.sleep(max(0, due - time.monotonic()))


with grpc.insecure_channel(target) as channel:
    if mode.endswith("/s"):
        stream = channel.stream_stream("/trireme.v1.JobService/RunJobs", same, same)
        try:
            for answer in stream(requests(int(mode[:-2]))):
                jobs += results(answer)
        except grpc.RpcError as error:
            failed[f"{error.code()}: {error.details()}"] += 1
    else:
        threads = [threading.Thread(target=unary, args=(channel, i)) for i in range(1 if mode == "one" else int(mode))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
print(json.dumps({"jobs": jobs, "failed": failed}))
