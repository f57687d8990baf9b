"""Writes orders of a few customers:  python3 examples/python/produce.py [topic] [count]"""

import sys

from courant import Courant

topic = sys.argv[1] if len(sys.argv) > 1 else "python-orders"
count = int(sys.argv[2]) if len(sys.argv) > 2 else 100

bus = Courant.from_environment()
bus.create_topic(topic, partitions=3)
orders = [{"key": f"cust-{n % 7}", "value": {"order": n, "total": 100 * n}} for n in range(count)]
results = bus.produce(topic, orders)
print(f"{len(results)} records written to {topic}")
