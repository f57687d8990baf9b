"""Processes a topic as a member of a group; start several, and stop them with Ctrl-C:

python3 examples/python/consume_group.py [topic] [group] [how many records at least]
"""

import json
import sys

from courant import Courant
from member import Member

topic = sys.argv[1] if len(sys.argv) > 1 else "python-orders"
group = sys.argv[2] if len(sys.argv) > 2 else "python-billing"
left = float(sys.argv[3]) if len(sys.argv) > 3 else float("inf")

member = Member(Courant.from_environment(), group, [topic])
try:
    while left > 0:
        records = member.poll()
        for record in records:
            value = json.dumps(record.get("value"))
            print(f"{record['partition']}/{record['offset']}\t{record['key']}\t{value}", flush=True)
        member.done()
        left -= len(records)
except KeyboardInterrupt:
    pass
finally:
    member.leave()
