#!/bin/sh
# Ask, and then ask on: a conversation has any name that the caller chooses.
set -eu
URL=${URL:-http://127.0.0.1:8000}

conversation="example-$$"
for question in 'who is meeting in Geneva?' 'and when?'; do
  curl -fsSG "$URL/v1/ask" -H 'Accept: text/plain' \
    --data-urlencode "q=$question" --data-urlencode "conversation=$conversation"
done
