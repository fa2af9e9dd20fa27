#!/usr/bin/env python3
"""Asks a load balancer for jobs over gRPC and prints one answer a line.

    pip install grpcio grpcio-tools
    python3 jobs.py 127.0.0.1:50051 GET_TIME MINE_BITCOIN

The .proto files are in the package (proto/); PROTO_ROOT names their folder when this file lies elsewhere. A token is read
from TRIREME_TOKEN, and TRIREME_CA names the authority of a load balancer with TLS. Ends with 1 when a job has failed.
"""

import os
import pathlib
import sys

import grpc

here = pathlib.Path(__file__).resolve()
sys.path.insert(0, os.environ.get("PROTO_ROOT") or str(here.parents[3] / "proto"))
# Made of the .proto file at run time; `python3 -m grpc_tools.protoc` writes the same as files.
job, service = grpc.protos_and_services("trireme/v1/job.proto")


def open_channel(target: str) -> grpc.Channel:
    authority = os.environ.get("TRIREME_CA")
    if authority is None:
        return grpc.insecure_channel(target)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(pathlib.Path(authority).read_bytes()))


def error_info(error: grpc.RpcError) -> str:
    """Reason, value and bound, as google.rpc.ErrorInfo has them; needs googleapis-common-protos, and is empty without."""
    try:
        from google.rpc import error_details_pb2, status_pb2
    except ImportError:
        return ""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return f" ({info.reason} {dict(info.metadata)})"
    return ""


def main(target: str, kinds: list[str]) -> int:
    token = os.environ.get("TRIREME_TOKEN")
    metadata = [("authorization", f"Bearer {token}")] if token else []
    failed = 0
    with open_channel(target) as channel:
        stub = service.JobServiceStub(channel)
        for kind in kinds:
            try:
                answer = stub.RunJob(job.RunJobRequest(kind_name=kind), metadata=metadata, timeout=30)
                print(f"{answer.result} by {answer.worker}", flush=True)
            except grpc.RpcError as error:
                print(f"{kind}: {error.code().name}: {error.details()}{error_info(error)}", file=sys.stderr)
                failed = 1
    return failed


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: jobs.py HOST:PORT KIND...")
    sys.exit(main(sys.argv[1], sys.argv[2:]))
