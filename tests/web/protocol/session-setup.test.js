import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingSettings, setUpSession } from '../../../web/protocol/session-setup.js';

const PCM = { type: 'audio/pcm', rate: 24000 };

for (const [title, session, missing] of [
  [
    'A session without transcription needs it.',
    { audio: { input: { format: PCM } } },
    { audio: { input: { transcription: { model: 'gpt-transcribe' } } } },
  ],
  [
    'A session that has all is left alone.',
    { audio: { input: { transcription: { model: 'x' }, format: PCM }, output: { format: PCM } } },
    null,
  ],
  [
    'Telephone sound stays as it is.',
    {
      audio: {
        input: { transcription: { model: 'x' }, format: { type: 'audio/pcmu' } },
        output: { format: { type: 'audio/pcma' } },
      },
    },
    null,
  ],
  [
    'What cannot be played here is asked for as PCM.',
    {
      audio: {
        input: { transcription: { model: 'x' }, format: { type: 'audio/opus' } },
        output: { format: { type: 'audio/pcm', rate: 400 } },
      },
    },
    { audio: { input: { format: PCM }, output: { format: PCM } } },
  ],
]) {
  test(title, () => assert.deepEqual(missingSettings(session), missing));
}

/** A client that only remembers what it was asked to change. */
function makeClient(session) {
  return Object.assign(new EventTarget(), {
    session,
    updates: [],
    updateSession(changes) {
      this.updates.push(changes);
    },
  });
}

test('A relay’s own session.update is awaited before anything is judged missing.', async () => {
  const client = makeClient({ audio: {} });
  const done = setUpSession(client);
  client.session = { audio: { input: { transcription: { model: 'the relay’s' } } } };
  client.dispatchEvent(new Event('session.updated'));
  await done;
  assert.deepEqual(client.updates, []);
});

test('A relay that sets nothing up is not awaited for long.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const client = makeClient({ audio: {} });
  const done = setUpSession(client);
  context.mock.timers.tick(250);
  await done;
  assert.equal(client.updates.length, 1);
});

test('A translation is transcribed by a model of its own.', () => {
  const missing = missingSettings({ type: 'translation', audio: { input: { transcription: null } } });
  assert.deepEqual(missing, { audio: { input: { transcription: { model: 'gpt-realtime-whisper' } } } });
});
