import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editable, sessionChanges } from '../../../web/protocol/session-changes.js';

const SESSION = {
  id: 'sess',
  object: 'realtime.session',
  type: 'realtime',
  model: 'm',
  instructions: 'Be kind.',
  tools: [{ name: 'a' }],
  audio: {
    input: { transcription: { model: 'x' }, turn_detection: { type: 'server_vad', threshold: 0.5 } },
    output: { voice: 'alloy', speed: 1 },
  },
};

test('What the other side fixes is not offered for change.', () => {
  assert.deepEqual(Object.keys(editable(SESSION)), ['instructions', 'tools', 'audio']);
});

test('Nothing changed is nothing to send, whatever the order of fields.', () => {
  const same = {
    audio: { output: { speed: 1, voice: 'alloy' }, input: SESSION.audio.input },
    tools: [{ name: 'a' }],
  };
  assert.deepEqual(sessionChanges(SESSION, same), {});
});

test('Only what differs is sent, down to the fields of audio input and output.', () => {
  const after = structuredClone(SESSION);
  after.audio.output.speed = 1.2;
  after.audio.input.turn_detection.threshold = 0.7;
  after.instructions = '';
  assert.deepEqual(sessionChanges(SESSION, after), {
    instructions: '',
    audio: { output: { speed: 1.2 }, input: { turn_detection: { type: 'server_vad', threshold: 0.7 } } },
  });
});

test('Lists and nulls replace what was there.', () => {
  assert.deepEqual(sessionChanges(SESSION, { tools: [] }), { tools: [] });
  assert.deepEqual(sessionChanges(SESSION, { audio: { input: { turn_detection: null } } }), {
    audio: { input: { turn_detection: null } },
  });
});

test('A field left out stays as it is.', () => {
  assert.deepEqual(sessionChanges(SESSION, {}), {});
});
