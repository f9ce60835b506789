import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioBacklog } from '../../../web/audio/audio-backlog.js';

test('What was said comes out in its order, once.', () => {
  const backlog = new AudioBacklog(100);
  backlog.add(Int16Array.of(1, 2));
  backlog.add(Int16Array.of(3));
  assert.equal(backlog.frames, 3);
  assert.deepEqual(backlog.takeAll(), [Int16Array.of(1, 2), Int16Array.of(3)]);
  assert.deepEqual(backlog.takeAll(), []);
  assert.equal(backlog.frames, 0);
});

test('Beyond the limit the oldest is given up, and counted.', () => {
  const backlog = new AudioBacklog(5);
  for (let first = 0; first < 10; first += 2) backlog.add(Int16Array.of(first, first + 1));
  assert.deepEqual(backlog.takeAll(), [Int16Array.of(6, 7), Int16Array.of(8, 9)]);
  assert.equal(backlog.droppedFrames, 6);
});

test('It keeps a copy: the microphone uses its buffers again.', () => {
  const backlog = new AudioBacklog(5);
  const samples = Int16Array.of(1);
  backlog.add(samples);
  samples[0] = 2;
  assert.deepEqual(backlog.takeAll(), [Int16Array.of(1)]);
});
