"""Benchmarks, side by side: what a relayed event costs here and elsewhere.

`python -m bench` runs every contestant through every scenario, round after round, and writes `docs/performance.md`;
`python -m bench --quick` runs the steady one in under a minute and writes nothing.

    scenarios         the loads
    contestants       what may stand between the two ends, each a line in a table
    rounds, capacity  every load with every contestant, interleaved; a search for each one's limit
    stage             one contestant between the two ends: three processes, started, pinned and measured
    echo_upstream     the far end, a process: a Realtime API that answers audio with audio
    loadgen           the near end, a process: `load` is what it does with its `sessions`, and `pacer` when
    talk, wire        what both ends say, stamped so that each event can be checked and timed
    outcome, report   what one load showed; from outcomes to medians, tables, pictures and the page
    voice_page        another benchmark, with a command of its own: sound in the voice page

A figure never fails a run; a lost, misplaced or wrong message does. Linux only: it reads `/proc`.
"""
