import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallPlayback } from '../../../web/conversation/call-playback.js';
import { tone } from '../fakes.js';

const VOICE = tone(300, 480);
const QUIET = new Int16Array(480);
const words = (itemId = 'a', responseId = 'r') => ({
  type: 'response.output_audio_transcript.delta', response_id: responseId, item_id: itemId, delta: 'Hi',
});
const buffer = (what, responseId = 'r') => ({ type: `output_audio_buffer.${what}`, response_id: responseId });

/** A playback, and what it told. */
function makePlayback() {
  const playback = new CallPlayback();
  const told = [];
  for (const type of ['started', 'position', 'finished', 'cut'])
    playback.addEventListener(type, ({ detail }) => told.push([type, ...Object.values(detail)]));
  return { playback, told };
}

test('An answer is heard from its first sound, followed, and finished when the other end says so.', () => {
  const { playback, told } = makePlayback();
  assert.equal(playback.hear(VOICE, 1), ''); // nobody says it
  playback.apply(words());
  playback.apply(buffer('started'));
  assert.equal(playback.busy, true);
  assert.equal(playback.hear(QUIET, 100), ''); // still on its way
  for (let now = 120; now < 240; now += 20) assert.equal(playback.hear(VOICE, now), 'a');
  playback.hear(QUIET, 240); // a pause is part of it
  playback.apply(buffer('stopped'));
  assert.equal(playback.busy, false);
  assert.deepEqual(told, [
    ['started', 'a', 120], ['position', 'a', 60], ['position', 'a', 120], ['finished', 'a'],
  ]);
});

test('What comes shortly after the word that it has ended is still its sound.', () => {
  const { playback } = makePlayback();
  playback.apply(words());
  playback.apply(buffer('started'));
  playback.hear(VOICE, 0);
  playback.apply(buffer('stopped'));
  const items = Array.from({ length: 12 }, (_, index) => playback.hear(VOICE, 20 * index));
  assert.deepEqual(items, [...Array(9).fill('a'), '', '', '']);
});

test('An answer that is cleared was heard so far, and then as far as the other end says.', () => {
  const { playback, told } = makePlayback();
  playback.apply({ type: 'response.content_part.added', response_id: 'r', item_id: 'a', part: { type: 'audio' } });
  playback.apply(buffer('started'));
  playback.hear(VOICE, 0);
  playback.apply(buffer('cleared', 'another'));
  assert.equal(playback.busy, true);
  playback.apply(buffer('cleared'));
  playback.apply({ type: 'conversation.item.truncated', item_id: 'a', audio_end_ms: 35 });
  assert.deepEqual(told.slice(1), [['cut', 'a', 20], ['cut', 'a', 35]]);
  assert.equal(playback.hear(VOICE, 20), '');
});

test('Of a response with several spoken items the first has the sound; a text part has none.', () => {
  const { playback } = makePlayback();
  playback.apply({ type: 'response.content_part.added', response_id: 'r', item_id: 't', part: { type: 'text' } });
  playback.apply(words('a'));
  playback.apply(words('b'));
  playback.apply(buffer('started'));
  assert.equal(playback.hear(VOICE, 0), 'a');
});

test('With its call an answer is cut; the next call knows none of it.', () => {
  const { playback, told } = makePlayback();
  playback.apply(words());
  playback.apply(buffer('started'));
  playback.hear(VOICE, 0);
  playback.end();
  playback.end();
  assert.deepEqual(told.slice(1), [['cut', 'a', 20]]);
  playback.apply(buffer('started'));
  assert.equal(playback.hear(VOICE, 0), '');
});

test('Responses of hours do not pile up.', () => {
  const { playback } = makePlayback();
  for (let index = 0; index < 1000; index += 1) playback.apply(words(`a${index}`, `r${index}`));
  playback.apply(buffer('started', 'r0'));
  assert.equal(playback.hear(VOICE, 0), '');
  playback.apply(buffer('started', 'r999'));
  assert.equal(playback.hear(VOICE, 0), 'a999');
});
