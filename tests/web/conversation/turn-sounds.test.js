import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnSounds } from '../../../web/conversation/turn-sounds.js';

const MS = 24;
const heard = (itemId, samples) => ({ direction: 'down', event: null, samples, itemId });
const said = (samples) => ({ direction: 'up', event: null, samples, itemId: '' });
const event = (fields) => ({ direction: 'down', event: fields, samples: null, itemId: '' });
const started = (item_id, audio_start_ms) => event({ type: 'input_audio_buffer.speech_started', item_id, audio_start_ms });
const stopped = (item_id, audio_end_ms) => event({ type: 'input_audio_buffer.speech_stopped', item_id, audio_end_ms });

test('An answer can be heard again, whatever becomes of the buffers that it came in.', () => {
  const sounds = new TurnSounds();
  const samples = Int16Array.of(1, 2);
  sounds.take(heard('a', samples));
  samples.fill(0);
  sounds.take(heard('a', Int16Array.of(3)));
  assert.deepEqual([...sounds.get('a')], [1, 2, 3]);
  assert.deepEqual([sounds.has('a'), sounds.has('b'), sounds.get('b').length], [true, false, 0]);
});

test('What was said is what the other side took for a turn.', () => {
  const sounds = new TurnSounds();
  for (let index = 0; index < 10; index += 1) sounds.take(said(new Int16Array(20 * MS).fill(index)));
  sounds.take(started('u', 30));
  sounds.take(stopped('u', 70));
  const samples = sounds.get('u');
  assert.deepEqual([samples.length, samples[0], samples.at(-1)], [40 * MS, 1, 3]);
});

test('A new session counts from nothing.', () => {
  const sounds = new TurnSounds();
  sounds.take(said(new Int16Array(20 * MS).fill(1)));
  sounds.take(event({ type: 'session.created' }));
  sounds.take(said(new Int16Array(20 * MS).fill(2)));
  sounds.take(started('u', 0));
  sounds.take(stopped('u', 20));
  assert.deepEqual(new Set(sounds.get('u')), new Set([2]));
  sounds.take(stopped('never begun', 20));
  assert.equal(sounds.has('never begun'), false);
});

test('Three minutes are kept, and the oldest go first.', () => {
  const sounds = new TurnSounds();
  for (const id of ['a', 'b', 'c', 'd']) sounds.take(heard(id, new Int16Array(60_000 * MS)));
  assert.deepEqual(['a', 'b', 'c', 'd'].map((id) => sounds.has(id)), [false, true, true, true]);
  sounds.clear();
  assert.equal(sounds.has('d'), false);
});
