#!/usr/bin/env bash
# A tour of the API with curl alone: create a topic, write, read, find out where the log ends, and
# see what an error looks like. Needs a server (npm start) and curl 7.76 or later.
set -euo pipefail

data_directory=${COURANT_DATA_DIR:-$(dirname "$0")/../.courant}
member() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$data_directory/credentials.json"; }
url=${COURANT_URL:-$(member url)}
key=${COURANT_API_KEY:-$(member apiKey)}

# Every request names the caller; the tenant follows from the key. The answer is printed as it is.
json=(-H 'Content-Type: application/json')
call() { curl -sS -H "Authorization: Bearer $key" "$@" && echo; }
step() { echo; echo "== $*"; }

step "Create a topic. Safe to repeat: an equal topic is left as it is."
call --fail-with-body "$url/v1/topics" "${json[@]}" -d '{"name":"curl-tour","partitions":3}' | cut -c1-120

step "Write two records of one key: they go to one partition, in this order."
call --fail-with-body "$url/v1/topics/curl-tour/records" "${json[@]}" -d '
  {"records":[{"key":"cust-9","value":{"id":12345678901234567890,"total":4200}},
              {"key":"cust-9","value":{"total":1.0},"headers":{"eventType":"OrderPlaced"}}]}'

step "Write a stream: a record a line, answered a result a line."
printf '%s\n' '{"key":"a","value":1}' '{"key":"b"' '{"key":"c","valueText":"any text"}' |
  call --fail-with-body "$url/v1/topics/curl-tour/records" -T - -X POST \
    -H 'Content-Type: application/x-ndjson'

step "Write one value of any type."
printf 'hello' | call --fail-with-body "$url/v1/topics/curl-tour/records?key=greeting" \
  --data-binary @- -H 'Content-Type: text/plain'

step "Where does each partition end?"
call --fail-with-body "$url/v1/topics/curl-tour/offsets?from=latest"

step "Read a partition from its beginning. Numbers come back with the digits that were sent."
for partition in 0 1 2; do
  call --fail-with-body "$url/v1/topics/curl-tour/partitions/$partition/records?from=earliest"
done

step "Follow a partition: a record a line, here until nothing has come for a second."
call --fail-with-body "$url/v1/topics/curl-tour/partitions/1/records?waitMs=1000" \
  -H 'Accept: application/x-ndjson'

step "An error says what was wrong, and whether it may be tried again."
call "$url/v1/topics/no-such-topic/records" "${json[@]}" -d '{"records":[{"value":1}]}'

step "Delete the topic."
call --fail-with-body -X DELETE "$url/v1/topics/curl-tour"
echo "Done."
