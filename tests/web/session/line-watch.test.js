import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineWatch } from '../../../web/session/line-watch.js';

const CHUNK_MS = 20;

/** Sends sound for that long, with what is called meanwhile; says when each thing was to be done. */
function send(line, ms, meanwhile = () => {}) {
  const verdicts = [];
  for (let now = CHUNK_MS; now <= ms; now += CHUNK_MS) {
    const verdict = line.advance(CHUNK_MS);
    if (verdict !== null) verdicts.push([verdict, now]);
    meanwhile(verdict, now);
  }
  return verdicts;
}

/** A line that has answered once, at once. */
function provenLine() {
  const line = new LineWatch();
  send(line, 1_000);
  line.answered();
  return line;
}

test('A sign of life is asked for after the first second of sound, and every three.', () => {
  const line = new LineWatch();
  assert.deepEqual(send(line, 8_000, (verdict) => verdict && line.answered()), [
    ['probe', 1_000],
    ['probe', 4_000],
    ['probe', 7_000],
  ]);
  assert.deepEqual([line.slow, line.roundTripMs], [false, 0]);
});

test('A line that falls silent is slow within five seconds, and dead when ten have passed without a message.', () => {
  const line = provenLine();
  let slowAt = 0;
  let deadAt = 0;
  send(line, 15_000, (verdict, now) => {
    if (line.slow) slowAt ||= now;
    if (verdict === 'dead') deadAt ||= now;
  });
  assert.deepEqual([slowAt, deadAt], [5_000, 13_000]);
});

test('While anything is heard a line is slow at most, and it is not when signs of life come in time again.', () => {
  const line = provenLine();
  const verdicts = send(line, 60_000, () => line.heard());
  assert.deepEqual([line.slow, verdicts.some(([verdict]) => verdict === 'dead')], [true, false]);
  for (let asked = 0; asked < 20; asked += 1) line.answered();
  send(line, 3_000, (verdict) => verdict && line.answered());
  assert.equal(line.slow, false);
});

for (const [format, kiloBytes] of Object.entries({ 'JSON': 64, 'bytes': 48 }))
  test(`An uplink of 20 kB/s, which takes a third of what is said in ${format}, is told within five seconds and not given up.`, () => {
    const line = new LineWatch();
    const probes = [];
    let sentBytes = 0;
    let arrivedBytes = 0;
    let slowAt = 0;
    let laboursAt = 0;
    const verdicts = send(line, 60_000, (verdict, now) => {
      sentBytes += kiloBytes * CHUNK_MS;
      arrivedBytes = Math.min(sentBytes, arrivedBytes + 20 * CHUNK_MS);
      if (verdict === 'probe') probes.push(sentBytes);
      if (line.slow) slowAt ||= now;
      if (line.labours) laboursAt ||= now;
      while (probes.length > 0 && probes[0] <= arrivedBytes) {
        probes.shift();
        line.heard();
        line.answered();
      }
    });
    assert.ok(slowAt > 0 && slowAt <= 5_000, `${slowAt}`);
    assert.ok(laboursAt > slowAt && laboursAt <= 12_000, `${laboursAt}`);
    assert.ok(verdicts.every(([verdict]) => verdict === 'probe'));
    assert.ok(Number(line.roundTripMs) > 10_000);
  });

test('A line that was quick and lets nothing through does not labour: less sound would not help.', () => {
  const line = provenLine();
  send(line, 9_000);
  assert.deepEqual([line.slow, line.labours], [true, false]);
});

test('A server that never gives a sign of life is not judged, and one unasked for says nothing.', () => {
  const line = new LineWatch();
  line.answered();
  const verdicts = send(line, 60_000);
  assert.deepEqual([line.slow, line.roundTripMs, verdicts.some(([verdict]) => verdict === 'dead')], [false, null, false]);
});
