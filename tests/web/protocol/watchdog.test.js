import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Watchdog } from '../../../web/protocol/watchdog.js';
import { FakeTimers } from '../fakes.js';

/** A watchdog, its timers, and what it did. */
function makeWatchdog(answerMs = 50) {
  const timers = new FakeTimers();
  const did = [];
  const watchdog = new Watchdog({
    quietMs: 100,
    answerMs,
    onProbe: () => did.push('probe'),
    onDead: () => did.push('dead'),
    timers,
  });
  return { watchdog, timers, did };
}

test('Messages keep it quiet.', () => {
  const { watchdog, timers, did } = makeWatchdog();
  for (let index = 0; index < 10; index += 1) {
    watchdog.alive();
    timers.advance(99);
  }
  assert.deepEqual(did, []);
});

test('Silence is probed first and called dead later.', () => {
  const { watchdog, timers, did } = makeWatchdog();
  watchdog.alive();
  timers.advance(100);
  assert.deepEqual(did, ['probe']);
  timers.advance(49);
  assert.deepEqual(did, ['probe']);
  timers.advance(1);
  assert.deepEqual(did, ['probe', 'dead']);
});

test('An answer to the probe begins a new silence.', () => {
  const { watchdog, timers, did } = makeWatchdog();
  watchdog.alive();
  timers.advance(100);
  watchdog.alive();
  timers.advance(60);
  assert.deepEqual(did, ['probe']);
});

test('A machine that slept for an hour probes before it despairs.', () => {
  const { watchdog, timers, did } = makeWatchdog();
  watchdog.alive();
  timers.advance(3_600_000);
  assert.deepEqual(did, ['probe']);
});

test('Stopped, it does nothing more.', () => {
  const { watchdog, timers, did } = makeWatchdog();
  watchdog.alive();
  watchdog.stop();
  timers.advance(1000);
  assert.deepEqual(did, []);
});

test('In doubt it probes at once, and despairs sooner.', () => {
  const { watchdog, timers, did } = makeWatchdog(8_000);
  watchdog.alive();
  watchdog.check();
  timers.advance(1_999);
  assert.deepEqual(did, ['probe']);
  timers.advance(1);
  assert.deepEqual(did, ['probe', 'dead']);
});

test('An answer ends the doubt.', () => {
  const { watchdog, timers, did } = makeWatchdog(8_000);
  watchdog.check();
  watchdog.alive();
  timers.advance(99);
  assert.deepEqual(did, ['probe']);
});
