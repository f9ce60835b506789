import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkList } from '../../../web/audio/chunk-list.js';

/** What comes out when so many frames are wanted, written behind a first frame. */
function pull(list, frames) {
  const output = new Float32Array(frames + 1);
  const taken = list.pull(output, 1, frames);
  return [...output.subarray(1, taken + 1)].map((sample) => sample * 32768);
}

test('Samples come out in the order in which they went in, over the bounds of chunks.', () => {
  const list = new ChunkList();
  list.push(Int16Array.of(1, 2, 3));
  list.push(new Int16Array(0));
  list.push(Int16Array.of(4, 5));
  assert.equal(list.length, 5);
  assert.deepEqual([pull(list, 2), pull(list, 2), list.length, pull(list, 9)], [[1, 2], [3, 4], 1, [5]]);
});

test('An empty store gives nothing and leaves the output alone.', () => {
  const output = Float32Array.of(7, 7);
  assert.equal(new ChunkList().pull(output, 0, 2), 0);
  assert.deepEqual(output, Float32Array.of(7, 7));
});

test('An answer of hours in chunks of 20 ms comes out whole.', () => {
  const list = new ChunkList();
  let expected = 0;
  for (let chunk = 0; chunk < 2000; chunk += 1) {
    list.push(Int16Array.of(chunk, chunk + 1));
    for (const sample of pull(list, chunk % 3)) expected += sample >= 0 ? 1 : 0;
  }
  assert.equal(expected + pull(list, 4000).length, 4000);
});
