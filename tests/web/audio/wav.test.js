import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stereoWav } from '../../../web/audio/wav.js';

test('Two voices are a WAV file of 16 bits, one on each side, and the shorter ends in silence.', () => {
  const file = stereoWav(Int16Array.of(1, -2, 3), Int16Array.of(4));
  const view = new DataView(file.buffer);
  const text = (from, length) => String.fromCharCode(...file.subarray(from, from + length));
  assert.deepEqual([text(0, 4), text(8, 8), text(36, 4)], ['RIFF', 'WAVEfmt ', 'data']);
  assert.deepEqual([view.getUint32(4, true), view.getUint32(40, true), file.length], [48, 12, 56]);
  assert.deepEqual([view.getUint16(22, true), view.getUint32(24, true), view.getUint16(34, true)], [2, 24000, 16]);
  const samples = Array.from({ length: 6 }, (_, index) => view.getInt16(44 + 2 * index, true));
  assert.deepEqual(samples, [1, 4, -2, 0, 3, 0]);
});
