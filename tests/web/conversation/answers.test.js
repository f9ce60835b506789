import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answers, serverAnswers, serverInterrupts } from '../../../web/conversation/answers.js';

const created = (id, rest = {}) => ({ type: 'response.created', response: { id, ...rest } });
const done = (id) => ({ type: 'response.done', response: { id } });
const sound = (responseId, itemId = 'a') => ({ responseId, itemId });
const cutAt = (itemId, playedMs) => ({ itemId, contentIndex: 0, playedMs, receivedMs: 1000 });

/** Answers that have seen these events. */
function after(...events) {
  const answers = new Answers();
  for (const event of events) answers.apply(event);
  return answers;
}

test('An answer is under way from when it is asked for until it is done.', () => {
  const answers = after();
  assert.equal(answers.underWay, false);
  answers.expect();
  assert.equal(answers.underWay, true);
  answers.apply(created('r'));
  assert.equal(answers.underWay, true);
  answers.apply(done('r'));
  assert.equal(answers.underWay, false);
});

test('An error, or new speech, ends the waiting for an answer.', () => {
  for (const type of ['error', 'input_audio_buffer.speech_started']) {
    const answers = after();
    answers.expect();
    answers.apply({ type });
    assert.equal(answers.underWay, false);
  }
});

test('What still comes of a cut answer is not played; the next answer is.', () => {
  const answers = after(created('r1'));
  assert.equal(answers.cut(), true);
  assert.equal(answers.takes(sound('r1')), false);
  answers.apply(done('r1'));
  answers.apply(created('r2'));
  assert.equal(answers.takes(sound('r2')), true);
});

test('All answers that are made at once are cut at once.', () => {
  const answers = after(created('r1'), created('r2'));
  answers.cut();
  assert.ok(['r1', 'r2'].every((id) => !answers.takes(sound(id))));
});

test('There is nothing to cut when none is being made.', () => {
  assert.equal(after(created('r'), done('r')).cut(), false);
});

test('A truncation says how much was heard, in whole milliseconds that exist.', () => {
  const answers = after(created('r'));
  for (const id of ['a', 'b']) answers.takes(sound('r', id));
  assert.deepEqual(answers.truncations([cutAt('a', 1234.9), cutAt('b', 0)]), [
    { type: 'conversation.item.truncate', item_id: 'a', content_index: 0, audio_end_ms: 1234 },
    { type: 'conversation.item.truncate', item_id: 'b', content_index: 0, audio_end_ms: 0 },
  ]);
});

test('Sound that came in another session is not truncated in this one, which knows it as text.', () => {
  const answers = after(created('r'));
  answers.takes(sound('r', 'old'));
  answers.reset();
  assert.deepEqual(answers.truncations([cutAt('old', 500)]), []);
});

test('A new session knows nothing of the old.', () => {
  const answers = after(created('r'));
  answers.cut();
  answers.reset();
  assert.equal(answers.underWay, false);
  assert.equal(answers.takes(sound('r')), true);
});

for (const [detection, interrupts, answers] of [
  [{ type: 'server_vad' }, true, true],
  [{ type: 'server_vad', interrupt_response: false, create_response: false }, false, false],
  [{ type: 'semantic_vad', interrupt_response: true, create_response: true }, true, true],
  [null, false, false],
]) {
  test(`Who interrupts and who answers with turn detection ${JSON.stringify(detection)}.`, () => {
    const session = { audio: { input: { turn_detection: detection } } };
    assert.equal(serverInterrupts(session), interrupts);
    assert.equal(serverAnswers(session), answers);
  });
}

test('A session that only transcribes never answers.', () => {
  const session = { type: 'transcription', audio: { input: { turn_detection: { type: 'server_vad' } } } };
  assert.equal(serverAnswers(session), false);
});
