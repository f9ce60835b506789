import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recorder } from '../../../web/session/recorder.js';

const CREATED = { type: 'session.created', session: {} };

function makeRecorder() {
  const voice = Object.assign(new EventTarget(), { active: true, problem: null });
  const recorder = new Recorder(voice, () => '', () => 0);
  const pass = (direction, event, samples = null) =>
    voice.dispatchEvent(new CustomEvent('passing', { detail: { direction, event, samples, itemId: '' } }));
  const stop = (problem = null) => {
    Object.assign(voice, { active: false, problem });
    voice.dispatchEvent(new Event('change'));
    voice.active = true;
  };
  return { recorder, pass, stop };
}

const typesOf = (recording) =>
  [...recording.toLines()].map((line) => JSON.parse(line)).map(({ data, end }) => (data ? JSON.parse(data).type : end));

test('Nothing is kept that nobody asked for before it began.', () => {
  const { recorder, pass } = makeRecorder();
  pass('down', CREATED);
  recorder.on = true;
  pass('down', { type: 'response.created' });
  assert.deepEqual([recorder.recording, recorder.recordings], [false, []]);
});

test('A session is kept from its beginning to its end, in its order.', () => {
  const { recorder, pass, stop } = makeRecorder();
  recorder.on = true;
  pass('down', CREATED);
  pass('up', null, Int16Array.of(1));
  pass('up', { type: 'response.create' });
  pass('down', { type: 'response.output_audio.delta', delta: '' });
  pass('down', null, Int16Array.of(2));
  assert.equal(recorder.recording, true);
  stop();
  assert.equal(recorder.recording, false);
  assert.deepEqual(typesOf(recorder.recordings[0]), [
    undefined,
    'session.created',
    'input_audio_buffer.append',
    'response.create',
    'response.output_audio.delta',
    'peer_closed',
  ]);
});

test('A connection that is restored is a second recording; a new conversation begins anew.', () => {
  const { recorder, pass, stop } = makeRecorder();
  recorder.on = true;
  pass('down', CREATED);
  pass('down', CREATED);
  assert.equal(recorder.recordings.length, 2);
  assert.equal(typesOf(recorder.recordings[0]).at(-1), 'upstream_lost');
  stop({ title: 'It failed.' });
  assert.equal(typesOf(recorder.recordings[1]).at(-1), 'upstream_lost');
  pass('down', CREATED);
  assert.equal(recorder.recordings.length, 1);
});
