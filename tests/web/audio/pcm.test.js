import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pcm from '../../../web/audio/pcm.js';

test('Full scale clips instead of wrapping, and what is no number is silence.', () => {
  const output = new Int16Array(7);
  pcm.floatToPcm16(new Float32Array([0, 1, -1, 2, -2, 0.5, NaN]), output);
  assert.deepEqual([...output], [0, 32767, -32768, 32767, -32768, 16384, 0]);
});

test('Every 16-bit sample survives the way to floats and back.', () => {
  const samples = Int16Array.from({ length: 65536 }, (_, index) => index - 32768);
  const floats = new Float32Array(65536);
  const back = new Int16Array(65536);
  pcm.pcm16ToFloat(samples, floats);
  pcm.floatToPcm16(floats, back);
  assert.deepEqual(back, samples);
});

test('Base64 is the standard one, whichever way the browser makes it.', () => {
  const samples = Int16Array.from({ length: 40_000 }, (_, index) => (index * 7919) % 65536);
  const expected = Buffer.from(samples.buffer).toString('base64');
  assert.equal(pcm.pcm16ToBase64(samples), expected);
  assert.equal(pcm.bytesToBase64(new Uint8Array(samples.buffer)), expected);
  assert.deepEqual(pcm.decodeBase64(expected), new Uint8Array(samples.buffer));
  assert.deepEqual(pcm.base64ToBytes(expected), new Uint8Array(samples.buffer));
});

test('A slice of a larger buffer is written as that slice.', () => {
  const samples = Int16Array.of(1, 2, 3, 4).subarray(1, 3);
  assert.equal(pcm.pcm16ToBase64(samples), Buffer.from(Int16Array.of(2, 3).buffer).toString('base64'));
});

test('The level of silence is 0, and of a full square wave 1.', () => {
  assert.equal(pcm.level(new Int16Array(0)), 0);
  assert.equal(pcm.level(new Int16Array(480)), 0);
  assert.equal(pcm.level(new Int16Array(480).fill(-32768)), 1);
});

test('Milliseconds and frames are each other’s measure at 24 kHz.', () => {
  assert.equal(pcm.msToFrames(20), 480);
  assert.equal(pcm.msToFrames(20, 48000), 960);
  assert.equal(pcm.framesToMs(12), 0.5);
});
