"""The REST API of Courant with nothing but Python's standard library."""

import json
import os
import pathlib
import urllib.error
import urllib.request


JSON = {"Content-Type": "application/json"}


class CourantError(Exception):
    """A problem document: `code` is stable, `applied` and `retriable` say whether to try again."""

    def __init__(self, problem):
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.code = problem["code"]
        self.retriable = problem["retriable"]
        self.applied = problem["applied"]


class Courant:
    def __init__(self, url, api_key):
        self.url = url
        self.headers = {"Authorization": f"Bearer {api_key}"}

    @classmethod
    def from_environment(cls):
        """From COURANT_URL and COURANT_API_KEY, or from the file that `npm start` writes."""
        url, api_key = os.environ.get("COURANT_URL"), os.environ.get("COURANT_API_KEY")
        if url and api_key:
            return cls(url, api_key)
        root = pathlib.Path(__file__).resolve().parents[2]
        directory = pathlib.Path(os.environ.get("COURANT_DATA_DIR", root / ".courant"))
        credentials = json.loads((directory / "credentials.json").read_text())
        return cls(credentials["url"], credentials["apiKey"])

    def create_topic(self, name, partitions):
        """Safe to repeat: an equal topic is left as it is."""
        return self.call("POST", "/v1/topics", {"name": name, "partitions": partitions})

    def produce(self, topic, records):
        """Writes dictionaries such as {"key": ..., "value": ...}; a result for each, in order."""
        answer = self.call("POST", f"/v1/topics/{topic}/records", {"records": records})
        for result in answer["results"]:
            if "problem" in result:
                raise CourantError(result["problem"])
        return answer["results"]

    def consume(self, topic):
        """Yields (partition, record) for all that is in the topic now, partition by partition."""
        partitions = self.call("GET", f"/v1/topics/{topic}")["partitions"]
        for partition in range(partitions):
            query = "from=earliest"
            while True:
                path = f"/v1/topics/{topic}/partitions/{partition}/records?{query}"
                page = self.call("GET", path)
                for record in page["records"]:
                    yield partition, record
                if page["nextOffset"] >= page["highWatermark"]:
                    break
                query = f"offset={page['nextOffset']}"

    def call(self, method, path, body=None):
        """The JSON of the answer, None where it has no body; raises CourantError for a problem."""
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers if data is None else {**self.headers, **JSON}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                answer = response.read()
                return json.loads(answer) if answer else None
        except urllib.error.HTTPError as error:
            raise CourantError(json.load(error)) from None
