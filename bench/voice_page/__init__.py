"""The voice page's own benchmark: how long sound takes through it, and whether it stays whole.

`python -m bench.voice_page` runs the page in a real Chromium with a fake microphone, through the relay, and writes
`docs/page-performance.md`; `--render` writes it from the last results.

    upstream          the far end: answers with a tone, in bursts that come late
    visit             the near end: a browser whose page is measured from inside by `probe.js` and `stamper.js`
    growth            what a long conversation leaves behind
    sound             what was heard and played, judged sample by sample
    figures, report   what was found, on disk and as a page
"""
