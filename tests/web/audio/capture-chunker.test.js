import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaptureChunker } from '../../../web/audio/capture-chunker.js';

test('A chunk for which there is no buffer is dropped whole, and the next is in time.', () => {
  const chunker = new CaptureChunker({ fromRate: 24000, toRate: 24000, chunkMs: 10 });
  const chunks = [];
  let give = false;
  const block = Float32Array.from({ length: 480 }, (_, index) => (index < 240 ? 0.25 : 0.5));
  const take = () => ((give = !give) ? null : new Int16Array(240));
  assert.equal(
    chunker.push(block, take, (chunk) => chunks.push(chunk)),
    1,
  );
  assert.equal(chunks.length, 1);
  assert.ok(chunks[0].every((sample) => sample === 16384));
});

test('The length of a chunk follows from its milliseconds.', () => {
  for (const [chunkMs, frames] of [
    [10, 240],
    [20, 480],
    [40, 960],
  ]) {
    assert.equal(new CaptureChunker({ fromRate: 48000, toRate: 24000, chunkMs }).chunkFrames, frames);
  }
});
