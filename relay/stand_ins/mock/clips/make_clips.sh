#!/bin/sh
# Speaks each line of words.tsv into a WAV file of 24 kHz mono PCM16 beside it. Needs espeak-ng and sox.
# The speech is synthetic: no person's voice is in it.
set -eu
cd "$(dirname "$0")"
tab=$(printf '\t')
while IFS="$tab" read -r name words; do
    espeak-ng -v en-us+f3 -s 185 --stdout "$words" |
        sox -D -t wav - -r 24000 -c 1 -b 16 "$name.wav" \
            silence 1 0.02 -55d reverse silence 1 0.02 -55d pad 0.08 reverse fade 0.01 norm -4
done <words.tsv
