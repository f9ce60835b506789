import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnconfirmedSound } from '../../../web/session/unconfirmed-sound.js';

const SECOND = 24_000;
const VAD = { audio: { input: { turn_detection: { type: 'server_vad' }, transcription: { model: 'x' } } } };

/** Sound of some seconds that were sent; each second's samples are its number. */
function sent(seconds, session = VAD) {
  const sound = new UnconfirmedSound();
  sound.apply({ type: 'session.updated', session });
  for (let second = 0; second < seconds; second += 1) sound.add(new Int16Array(SECOND).fill(second));
  return sound;
}

const seconds = (sound) => sound.takeAll().map(([first]) => first);
const event = (name, fields = {}) => ({ type: `input_audio_buffer.${name}`, item_id: 'a', ...fields });
const written = { type: 'conversation.item.input_audio_transcription.completed', item_id: 'a', transcript: 'Hi.' };

test('What did not arrive is said again, once; silence that arrived is not.', () => {
  const sound = sent(5);
  sound.arrived(3 * SECOND);
  assert.equal(sound.position, 5 * SECOND);
  assert.deepEqual([seconds(sound), seconds(sound), sound.position], [[3, 4], [], 0]);
});

test('Speech that is under way is kept from its beginning, though it arrived: its session takes it away.', () => {
  const sound = sent(6);
  sound.apply(event('speech_started', { audio_start_ms: 2_400 }));
  sound.arrived(6 * SECOND);
  assert.deepEqual(seconds(sound), [1, 2, 3, 4, 5]);
});

test('A turn is let go of when its words are known, and not when it is committed.', () => {
  for (const [events, kept] of [
    [[event('committed')], [2, 3, 4, 5]],
    [[event('committed'), written], []],
    [[event('committed'), { ...written, type: written.type.replace('completed', 'failed') }], []],
    [[event('cleared')], []],
  ]) {
    const sound = sent(6);
    sound.apply(event('speech_started', { audio_start_ms: 2_600 }));
    sound.arrived(6 * SECOND);
    for (const each of events) sound.apply(each);
    assert.deepEqual(seconds(sound), kept);
  }
});

test('A session that writes nothing down has a turn when it is committed.', () => {
  const sound = sent(6, { audio: { input: { turn_detection: {} } } });
  sound.apply(event('speech_started'));
  sound.arrived(6 * SECOND);
  sound.apply(event('committed'));
  assert.deepEqual(seconds(sound), []);
});

test('Without turn detection all that is sent is speech, and kept until it is committed and written down.', () => {
  const sound = sent(4, { audio: { input: { turn_detection: null, transcription: {} } } });
  sound.arrived(4 * SECOND);
  sound.apply(event('committed'));
  sound.add(new Int16Array(SECOND).fill(4));
  sound.arrived(5 * SECOND);
  assert.equal(sound.position, 5 * SECOND);
  sound.apply(written);
  assert.deepEqual(seconds(sound), [4]);
});

test('At most half a minute is kept, however long somebody speaks.', () => {
  const sound = sent(5);
  sound.apply(event('speech_started'));
  for (let second = 5; second < 40; second += 1) sound.add(new Int16Array(SECOND).fill(second));
  assert.deepEqual(seconds(sound).length, 30);
});
