"""`main.py CLIENT HTTP GRPC`: asks a gateway everything that one client can, and prints a line of JSON for each case.

One client a process: those of Triton and KServe both describe the same gRPC messages, and cannot be loaded together.
"""

import importlib
import json
import logging
import sys
import traceback

from cases import cases

# The clients log what they raise as well.
logging.disable(logging.CRITICAL)


def main(client, http, grpc):
    with importlib.import_module(client).connect(http, grpc) as connected:
        for name, act in cases:
            error = None
            try:
                act(connected)
            except Exception:
                error = traceback.format_exc()
            print(json.dumps({"name": name, "error": error}), flush=True)


main(*sys.argv[1:])
