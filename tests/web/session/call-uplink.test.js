import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallUplink } from '../../../web/session/call-uplink.js';
import { FakeTrack } from '../fakes.js';

const CHUNK = new Int16Array(480).fill(9);

/** An uplink of a fake call, and which way what is said took. */
function makeUplink() {
  const went = [];
  const tracks = [];
  const client = {
    call: { connectedAt: 1000, setTrack: async (track) => void tracks.push(track) },
    appendAudio: (samples) => went.push(['channel', samples.length]),
    countSpoken: (samples) => went.push(['track', samples.length]),
  };
  const uplink = new CallUplink(client);
  const microphone = new FakeTrack();
  uplink.setSource(microphone);
  return { uplink, went, tracks, microphone, sent: tracks[0] };
}

test('What is said goes as a clone of the microphone’s track, which is silent until something is said.', () => {
  const { uplink, went, sent, microphone } = makeUplink();
  assert.deepEqual([sent === microphone.clones[0], sent.enabled], [true, false]);
  uplink.take(CHUNK, true);
  assert.deepEqual([sent.enabled, went], [true, [['track', 480]]]);
});

test('What was kept goes over the channel, in pieces that it takes, behind the silence since the call began.', () => {
  const { uplink, went } = makeUplink();
  const had = uplink.begin(new Int16Array(100_000), 1500);
  assert.deepEqual(went, [['track', 12_000], ['channel', 48_000], ['channel', 48_000], ['channel', 4_000]]);
  assert.deepEqual(had.map(({ length }) => length), [12_000, 100_000]);
});

test('Silence in place of what is said shuts the track; what is said next goes at once.', () => {
  const { uplink, went, sent } = makeUplink();
  uplink.take(CHUNK, false);
  assert.equal(sent.enabled, false);
  uplink.take(CHUNK, true);
  assert.equal(sent.enabled, true);
  assert.deepEqual(went.map(([way]) => way), ['track', 'track']);
});

test('After nothing at all, the first quarter of a second goes over the channel, behind the clear that began the turn.', () => {
  const { uplink, went, sent } = makeUplink();
  uplink.take(null, false);
  assert.deepEqual([sent.enabled, went], [false, []]);
  const enabled = [];
  for (let chunk = 0; chunk < 14; chunk += 1) {
    uplink.take(CHUNK, true);
    enabled.push(sent.enabled);
  }
  assert.deepEqual(went.map(([way]) => way), [...Array(12).fill('channel'), 'track', 'track']);
  assert.deepEqual(enabled.indexOf(true), 11); // the track takes over where the channel ends
});

test('Mute holds, whatever is said, and over a change of microphones.', () => {
  const { uplink, sent, tracks } = makeUplink();
  uplink.muted = true;
  uplink.take(CHUNK, true);
  assert.equal(sent.enabled, false);
  uplink.setSource(new FakeTrack());
  assert.deepEqual([sent.stopped, tracks[1].enabled], [true, false]);
  uplink.muted = false;
  assert.equal(tracks[1].enabled, true);
});

test('Without a microphone nothing is sent, and closing lets go of the one there was.', () => {
  const { uplink, sent, tracks } = makeUplink();
  uplink.close();
  assert.equal(sent.stopped, true);
  uplink.setSource(null);
  uplink.take(null, false);
  assert.equal(tracks.at(-1), null);
});
