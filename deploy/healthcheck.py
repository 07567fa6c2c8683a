"""Whether the web server in this container lives; exit code 1 if not."""

import http.client
import os
import sys


def main() -> int:
    # The server answers only to its own names.
    names = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")
    host = names[0].strip().lstrip(".")
    line = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    try:
        line.request("GET", "/health/live", headers={"Host": host})
        return 0 if line.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main())
