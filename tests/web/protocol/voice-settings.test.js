import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromLink, readSettings, toLink, toSession, toToml } from '../../../web/protocol/voice-settings.js';

const VAD = { type: 'server_vad', threshold: 0.6, prefix_padding_ms: 300, silence_duration_ms: 700, create_response: false };
const SESSION = {
  audio: {
    input: { turn_detection: VAD, noise_reduction: { type: 'near_field' }, transcription: { model: 'm', language: 'de' } },
    output: { voice: 'marin', speed: 1.1 },
  },
  reasoning: { effort: 'low' },
};

test('A session is read as what a person may choose, and a bare one as the usual.', () => {
  assert.deepEqual(readSettings(SESSION), {
    voice: 'marin',
    speed: 1.1,
    detection: 'server_vad',
    threshold: 0.6,
    silenceMs: 700,
    eagerness: 'auto',
    interrupts: true,
    noiseReduction: 'near_field',
    language: 'de',
    sound: 'pcm',
    effort: 'low',
  });
  assert.equal(readSettings({}).detection, 'server_vad');
  assert.equal(readSettings({ audio: { output: { format: { type: 'audio/pcma' } } } }).sound, 'pcma');
  assert.equal(readSettings({ audio: { input: { turn_detection: null } } }).detection, 'none');
});

for (const [wishes, update] of [
  [{}, {}],
  [{ voice: 'cedar', speed: 0.9 }, { audio: { output: { voice: 'cedar', speed: 0.9 } } }],
  [{ detection: 'none' }, { audio: { input: { turn_detection: null } } }],
  [
    { silenceMs: 300 },
    { audio: { input: { turn_detection: { ...VAD, silence_duration_ms: 300, interrupt_response: true } } } },
  ],
  [
    { detection: 'semantic_vad', eagerness: 'low', interrupts: false },
    {
      audio: {
        input: {
          turn_detection: { type: 'semantic_vad', create_response: false, interrupt_response: false, eagerness: 'low' },
        },
      },
    },
  ],
  [{ noiseReduction: 'none' }, { audio: { input: { noise_reduction: null } } }],
  [{ language: 'fr' }, { audio: { input: { transcription: { model: 'm', language: 'fr' } } } }],
  [{ language: '' }, { audio: { input: { transcription: { model: 'm' } } } }],
  [
    { sound: 'pcmu' },
    { audio: { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcmu' } } } },
  ],
  [{ effort: 'high' }, { reasoning: { effort: 'high' } }],
])
  test(`${JSON.stringify(wishes)} is sent as what it changes, with what the object had besides.`, () => {
    assert.deepEqual(toSession(wishes, SESSION), update);
  });

test('A threshold that is wished for while nothing detects turns leaves it so.', () => {
  const silent = { audio: { input: { turn_detection: null } } };
  assert.deepEqual(toSession({ threshold: 0.9 }, silent), { audio: { input: { turn_detection: null } } });
});

test('Wishes are a profile for the relay.', () => {
  assert.equal(
    toToml({ voice: 'cedar', detection: 'semantic_vad', eagerness: 'high', effort: 'low' }, {}, 'guide', 'gpt-realtime-2.1'),
    `[profiles.guide]
model = "gpt-realtime-2.1"

[profiles.guide.audio.input.turn_detection]
type = "semantic_vad"
create_response = true
interrupt_response = true
eagerness = "high"

[profiles.guide.audio.output]
voice = "cedar"

[profiles.guide.reasoning]
effort = "low"
`,
  );
  assert.equal(toToml({}, {}, 'a b', ''), '[profiles."a b"]\n');
});

test('A link says all that was chosen, and is read back.', () => {
  const wishes = { voice: 'a&b', speed: 1.25, interrupts: false };
  const link = toLink(wishes, { profile: 'guide', model: '' });
  assert.deepEqual(fromLink(`#${link}`), { profile: 'guide', model: null, language: null, wishes });
  assert.deepEqual(fromLink('#profile=guide', '?profile=host&model=m').profile, 'host', 'the query goes first');
  assert.equal(fromLink('', '?lang=de-AT').language, 'de-AT');
});

test('Nonsense in a link is passed over.', () => {
  assert.deepEqual(fromLink('#sound=vinyl&speed=fast&interrupts=maybe&colour=red&threshold='), {
    profile: null,
    model: null,
    language: null,
    wishes: {},
  });
});
