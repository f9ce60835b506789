import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingBuffer } from '../../../web/audio/ring-buffer.js';

/** Takes everything out, as 16-bit numbers. */
function drain(ring) {
  const output = new Float32Array(ring.length);
  ring.pull(output, 0, output.length);
  return [...output].map((sample) => sample * 32768);
}

/** `count` numbers from `first` on. */
function numbers(first, count) {
  return Int16Array.from({ length: count }, (_, index) => first + index);
}

test('Samples come out in the order in which they went in, around the end of the store too.', () => {
  const ring = new RingBuffer(8);
  const output = new Float32Array(8);
  ring.push(numbers(1, 6));
  ring.pull(output, 0, 5);
  ring.push(numbers(7, 6));
  assert.deepEqual(drain(ring), [6, 7, 8, 9, 10, 11, 12]);
});

test('It grows when it must and keeps what it holds.', () => {
  const ring = new RingBuffer(4, 64);
  const output = new Float32Array(4);
  ring.push(numbers(1, 4));
  ring.pull(output, 0, 3);
  ring.push(numbers(5, 20));
  assert.equal(ring.capacity, 32);
  assert.deepEqual(drain(ring), [...numbers(4, 21)]);
});

test('At its limit it takes what fits and says how much that was.', () => {
  const ring = new RingBuffer(4, 10);
  assert.equal(ring.push(numbers(1, 14)), 10);
  assert.equal(ring.push(numbers(1, 1)), 0);
  assert.deepEqual(drain(ring), [...numbers(1, 10)]);
});

test('An empty store gives nothing and leaves the output alone.', () => {
  const output = new Float32Array(2).fill(7);
  assert.equal(new RingBuffer(4).pull(output, 0, 2), 0);
  assert.deepEqual([...output], [7, 7]);
});

test('A cleared store begins anew.', () => {
  const ring = new RingBuffer(4);
  ring.push(numbers(1, 3));
  ring.clear();
  assert.equal(ring.length, 0);
  ring.push(numbers(9, 2));
  assert.deepEqual(drain(ring), [9, 10]);
});
