import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SoundTrack } from '../../../web/audio/sound-track.js';

test('Sound stands where it was heard: at its time, or behind what still sounded then.', () => {
  const track = new SoundTrack();
  track.add(2, Int16Array.of(1, 1, 1));
  track.add(3, Int16Array.of(2));
  track.add(8, Int16Array.of(3));
  assert.deepEqual([...track.toSamples()], [0, 0, 1, 1, 1, 2, 0, 0, 3]);
});

test('What was cut off is silent, and so is what would have followed.', () => {
  const track = new SoundTrack();
  track.add(0, Int16Array.of(1), 'before');
  track.add(1, Int16Array.of(2, 2, 2), 'a');
  track.add(1, Int16Array.of(3, 3), 'a');
  track.add(1, Int16Array.of(4), 'b');
  track.cut('a', 4);
  assert.deepEqual([...track.toSamples()], [1, 2, 2, 2, 3]);
  track.cut('unknown', 0);
  track.cut('a', 0);
  assert.deepEqual([...track.toSamples()], [1]);
  track.add(3, Int16Array.of(5));
  assert.deepEqual([...track.toSamples()], [1, 0, 0, 5]);
});

test('A track without sound is empty.', () => {
  assert.equal(new SoundTrack().toSamples().length, 0);
});
