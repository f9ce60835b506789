import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLog, matches, shorten } from '../../../web/protocol/event-log.js';

const audio = (itemId, base64 = 'A'.repeat(1280)) => ({
  type: 'response.output_audio.delta',
  item_id: itemId,
  delta: base64,
});
const append = { type: 'input_audio_buffer.append', samples: 480 };

test('A flood of audio is one line that says how much sound it was.', () => {
  const log = new EventLog();
  for (let index = 0; index < 50; index += 1) log.add('down', audio('a'), index);
  const [entry] = log.entries;
  assert.equal(log.entries.length, 1);
  assert.deepEqual([entry.count, entry.at, entry.audioMs], [50, 0, 1000]);
});

test('Interleaved floods are one line each, until something else happens.', () => {
  const log = new EventLog();
  const text = { type: 'response.output_audio_transcript.delta', item_id: 'a', delta: 'x' };
  for (let index = 0; index < 3; index += 1) {
    log.add('down', audio('a'), 0);
    log.add('down', text, 0);
  }
  log.add('down', { type: 'response.done' }, 0);
  log.add('down', audio('a'), 0);
  assert.deepEqual(
    log.entries.map(({ type, count }) => [type, count]),
    [
      ['response.output_audio.delta', 3],
      ['response.output_audio_transcript.delta', 3],
      ['response.done', 1],
      ['response.output_audio.delta', 1],
    ],
  );
});

test('The microphone is one line until something is said of its buffer.', () => {
  const log = new EventLog();
  log.add('up', append, 0);
  log.add('down', { type: 'response.done' }, 0);
  log.add('up', append, 0);
  log.add('down', { type: 'input_audio_buffer.speech_started' }, 0);
  log.add('up', append, 0);
  assert.deepEqual(
    log.entries.map(({ count, audioMs }) => [count, audioMs]),
    [
      [2, 40],
      [1, 0],
      [1, 0],
      [1, 20],
    ],
  );
});

test('Signs of life are one line for each direction, and interrupt no flood.', () => {
  const log = new EventLog();
  const session = { type: 'realtime', instructions: 'Be brief.' };
  const ask = { type: 'session.update', session: { type: 'realtime' } };
  log.add('down', { type: 'session.created', session }, 0);
  log.add('up', { type: 'session.update', session: { type: 'realtime', instructions: 'Be kind.' } }, 0);
  log.add('down', { type: 'session.updated', session: { ...session, instructions: 'Be kind.' } }, 0);
  for (let index = 0; index < 3; index += 1) {
    log.add('down', audio('a'), 0);
    log.add('up', ask, 0);
    log.add('down', { type: 'session.updated', session: { ...session, instructions: 'Be kind.' } }, 0);
  }
  log.add('down', { type: 'response.done' }, 0);
  log.add('up', ask, 0);
  assert.deepEqual(
    log.entries.map(({ type, sign, count }) => [type, sign, count]),
    [
      ['session.created', false, 1],
      ['session.update', false, 1],
      ['session.updated', false, 1],
      ['response.output_audio.delta', false, 3],
      ['session.update', true, 4],
      ['session.updated', true, 3],
      ['response.done', false, 1],
    ],
  );
});

test('A session that somebody else changed is no sign of life.', () => {
  const log = new EventLog();
  for (const voice of ['marin', 'cedar'])
    log.add('down', { type: 'session.updated', session: { type: 'realtime', voice } }, 0);
  assert.deepEqual(
    log.entries.map(({ sign }) => sign),
    [false, false],
  );
});

test('Nothing is folded into a line that was dropped.', () => {
  const log = new EventLog();
  log.add('up', append, 0);
  for (let index = 0; index < 1000; index += 1) log.add('down', { type: `t${index}` }, index);
  log.add('up', append, 0);
  assert.deepEqual([log.entries.length, log.entries[999].type], [1000, append.type]);
});

test('Audio and images are cut short in what is kept; everything else stays.', () => {
  const kept = shorten({ type: 't', list: [{ image_url: 'data:'.padEnd(5000, 'A') }], n: 1, nothing: null });
  assert.equal(kept.list[0].image_url, `${'data:'.padEnd(40, 'A')}… (5,000 characters)`);
  assert.deepEqual([kept.n, kept.nothing], [1, null]);
});

test('A log of hours keeps its last thousand lines.', () => {
  const log = new EventLog();
  for (let index = 0; index < 1500; index += 1) log.add('down', { type: `t${index}` }, index);
  assert.equal(log.entries.length, 1000);
  assert.equal(log.entries[0].type, 't500');
});

for (const [words, direction, expected] of [
  ['', '', true],
  ['RESPONSE', '', true],
  [' cancelled ', '', true],
  ['cancelled', 'up', false],
  ['', 'down', true],
  ['absent', '', false],
]) {
  test(`The filter “${words}” in direction “${direction}” is ${expected}.`, () => {
    const entry = new EventLog().add('down', { type: 'response.done', response: { status: 'Cancelled' } }, 0);
    assert.equal(matches(entry, { words, direction }), expected);
  });
}

test('A cleared log begins anew.', () => {
  const log = new EventLog();
  log.add('up', append, 0);
  log.clear();
  log.add('up', append, 0);
  assert.deepEqual(
    log.entries.map(({ count }) => count),
    [1],
  );
});
