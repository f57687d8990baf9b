"""A member of a consumer group, at least once: the protocol is in docs/consumer-groups.md."""

import time
import urllib.error
import uuid

from courant import CourantError

PAUSE_SECONDS = 1


class Member:
    """One a process. Its session runs for 45 s from each answer: process a batch within it."""

    def __init__(self, bus, group, topics):
        self.bus = bus
        self.path = f"/v1/groups/{group}"
        self.topics = topics
        self.member_id = str(uuid.uuid4())
        self.in_work = None
        self.processed = None

    def poll(self):
        """The next records, perhaps none; commits what `done` was called for.

        The same request is safe to repeat, whatever became of the last one.
        """
        while True:
            body = {
                "memberId": self.member_id,
                "topics": self.topics,
                "waitMs": 5000,
                "maxRecords": 10,
                "ack": self.processed,
            }
            try:
                answer = self.bus.call("POST", f"{self.path}/poll", body)
            except CourantError as error:
                if error.code == "LEASE_EXPIRED":
                    # Others have these records now; reading goes on at what is committed.
                    self.processed = None
                    continue
                if not error.retriable:
                    raise
                time.sleep(PAUSE_SECONDS)
            except (urllib.error.URLError, ConnectionError):
                time.sleep(PAUSE_SECONDS)
            else:
                self.in_work, self.processed = answer["leaseToken"], None
                return answer["records"]

    def done(self):
        """All that the last poll has brought is processed."""
        self.processed = self.in_work

    def leave(self):
        """Commits what is processed and gives the partitions to the others at once."""
        try:
            if self.processed is not None:
                self.bus.call("POST", f"{self.path}/commit", {"leaseToken": self.processed})
        finally:
            self.bus.call("DELETE", f"{self.path}/members/{self.member_id}")
