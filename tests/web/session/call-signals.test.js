import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallSignals, offerMediaKeys, signalOf } from '../../../web/session/call-signals.js';

const CLOSED = { open: false, active: false, muted: false };
const DIALLING = { ...CLOSED, active: true };
const OPEN = { ...DIALLING, open: true };

for (const [before, now, signal] of [
  [CLOSED, DIALLING, null],
  [DIALLING, OPEN, 'connected'],
  [OPEN, { ...OPEN, muted: true }, 'muted'],
  [{ ...OPEN, muted: true }, OPEN, 'unmuted'],
  [OPEN, CLOSED, 'ended'],
  [DIALLING, CLOSED, 'ended'],
  [OPEN, DIALLING, null],
  [CLOSED, { ...CLOSED, muted: true }, null],
  [OPEN, OPEN, null],
  [{ ...OPEN, phase: 'user-speaking' }, { ...OPEN, phase: 'thinking' }, 'thinking'],
  [{ ...OPEN, phase: 'speaking' }, { ...OPEN, phase: 'listening' }, 'listening'],
  [{ ...OPEN, phase: 'user-speaking' }, { ...OPEN, phase: 'listening' }, null],
])
  test(`From ${JSON.stringify(before)} to ${JSON.stringify(now)} is ${signal}.`, () => {
    assert.equal(signalOf(before, now), signal);
  });

function makeVoice() {
  const voice = Object.assign(new EventTarget(), { client: null, active: false, muted: false, stopped: 0 });
  voice.stop = () => (voice.stopped += 1);
  const become = (changes) => {
    Object.assign(voice, changes);
    voice.dispatchEvent(new Event('change'));
  };
  return { voice, become };
}

test('A change is told once.', () => {
  const { voice, become } = makeVoice();
  const told = [];
  new CallSignals(voice).addEventListener('signal', ({ detail }) => told.push(detail));
  become({ active: true });
  become({ client: {} });
  become({});
  become({ muted: true });
  become({ client: null, active: false });
  assert.deepEqual(told, ['connected', 'muted', 'ended']);
});

test('The system’s controls mute and hang up while there is a call, and do nothing else.', () => {
  const { voice, become } = makeVoice();
  const actions = {};
  const microphone = [];
  const media = {
    setActionHandler(name, act) {
      if (name === 'hangup') throw new TypeError('an older browser');
      actions[name] = act;
    },
    setMicrophoneActive: (on) => void microphone.push(on),
  };
  offerMediaKeys(voice, 'A call', media);
  become({ active: true });
  assert.equal(media.playbackState, 'playing');
  actions.pause();
  assert.equal(voice.muted, true);
  become({});
  become({});
  assert.equal(media.playbackState, 'paused');
  actions.togglemicrophone();
  assert.equal(voice.muted, false);
  become({});
  actions.stop();
  assert.equal(voice.stopped, 1);
  become({ active: false });
  assert.deepEqual([actions.pause, media.playbackState], [null, 'none']);
  assert.deepEqual(microphone, [true, false, true], 'told when it changes, and not with every change of the session');
});
