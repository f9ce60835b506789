import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeChime } from '../../../web/audio/chime.js';
import { amplitudeAt } from '../fakes.js';

test('Each chime is short, soft, begins and ends in silence, and has its own notes.', () => {
  const chimes = ['connected', 'ended', 'muted', 'unmuted'].map(makeChime);
  for (const samples of chimes) {
    assert.ok(samples.length <= 24000 / 4);
    assert.ok(samples.every((sample) => Math.abs(sample) <= 3000));
    assert.ok(Math.abs(samples[0]) < 50 && Math.abs(samples.at(-1)) < 50);
  }
  assert.equal(new Set(chimes.map(String)).size, 4);
  const first = [...chimes[0].subarray(0, 2160)];
  assert.ok(amplitudeAt(first, 523, 24000) > 4 * amplitudeAt(first, 784, 24000));
});
