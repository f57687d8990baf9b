"""Prints all records of a topic:  python3 examples/python/consume.py [topic]"""

import json
import sys

from courant import Courant

topic = sys.argv[1] if len(sys.argv) > 1 else "python-orders"

for partition, record in Courant.from_environment().consume(topic):
    print(f"{partition}/{record['offset']}\t{record['key']}\t{json.dumps(record.get('value'))}")
