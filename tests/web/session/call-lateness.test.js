import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallLateness } from '../../../web/session/call-lateness.js';
import { FakeCall, settle } from '../fakes.js';

const PAIR = { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.03 };

/** A call whose browser has counted so far, and what lateness tells of it. */
function makeCall(context, byRelay = true) {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const call = Object.assign(new FakeCall('', ''), { byRelay });
  const lateness = new CallLateness();
  lateness.begin(call);
  const sum = { type: 'inbound-rtp', kind: 'audio', jitterBufferDelay: 0, jitterBufferEmittedCount: 0 };
  const pass = async (waitedMs, samples = 24_000) => {
    sum.jitterBufferDelay += (waitedMs / 1000) * samples;
    sum.jitterBufferEmittedCount += samples;
    call.counted = [{ ...sum }, PAIR];
    context.mock.timers.tick(500);
    await settle();
  };
  return { call, lateness, pass };
}

test('The relay is told how long sound has waited of late, where that has changed.', async (context) => {
  const { call, lateness, pass } = makeCall(context);
  for (const waitedMs of [40, 44, 120, 121]) await pass(waitedMs);
  assert.deepEqual(call.sent, [
    { type: 'relay.playout', buffer_ms: 40, round_trip_ms: 30 },
    { type: 'relay.playout', buffer_ms: 120, round_trip_ms: 30 },
  ]);
  await pass(900, 0); // nothing came out
  lateness.end();
  await pass(300);
  assert.equal(call.sent.length, 2);
});

test('A browser that does not count is silent, and so is a page whose call the API answers.', async (context) => {
  const { call, lateness, pass } = makeCall(context, false);
  await pass(40);
  call.byRelay = true;
  lateness.begin(call);
  call.counted = [];
  context.mock.timers.tick(500);
  call.reports = () => Promise.reject(new Error('closed'));
  context.mock.timers.tick(500);
  await settle();
  assert.deepEqual(call.sent, []);
  lateness.end();
});
