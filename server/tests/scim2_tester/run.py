"""Runs every check of scim2-tester against a server: run.py ADDRESS. The token is in SCIM_TOKEN.

The last line says how many checks passed; anything but a passed check ends the run with 1.
"""

import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

GOOD = (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE)


def main() -> int:
    headers = {"Authorization": f"Bearer {os.environ['SCIM_TOKEN']}"}
    with Client(base_url=sys.argv[1], headers=headers, timeout=60, trust_env=False) as http:
        results = check_server(SyncSCIMClient(http))
    bad = [result for result in results if result.status not in GOOD]
    for result in bad:
        print(f"{result.status.name} {result.resource_type or ''} {result.title}: {result.reason}")
    kinds = sorted({result.resource_type for result in results if result.resource_type})
    print(f"{len(results) - len(bad)} passed, {len(bad)} failed or skipped, about {' '.join(kinds)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
