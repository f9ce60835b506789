import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MicrophoneFeed } from '../../../web/session/microphone-feed.js';
import { FakeMicrophone, settle } from '../fakes.js';

/** A feed from a fake microphone to a client that keeps what it gets. */
function makeFeed(gate = (samples) => samples) {
  const microphone = new FakeMicrophone();
  const feed = new MicrophoneFeed(microphone, gate);
  const got = [];
  const client = { appendAudio: (samples) => got.push(samples[0]) };
  const told = [];
  for (const type of ['notice', 'failed'])
    feed.addEventListener(type, ({ detail }) => told.push([type, detail]));
  return { feed, microphone, client, got, told };
}

test('What is said before there is a session is sent first.', async () => {
  const { feed, microphone, client, got } = makeFeed();
  await feed.open();
  microphone.hear(Int16Array.of(1));
  microphone.hear(Int16Array.of(2));
  feed.streamTo(client);
  microphone.hear(Int16Array.of(3));
  assert.deepEqual(got, [1, 2, 3]);
});

test('What is said while the connection is lost is kept for the next.', async () => {
  const { feed, microphone, client, got } = makeFeed();
  await feed.open();
  feed.streamTo(client);
  feed.hold();
  microphone.hear(Int16Array.of(1));
  assert.deepEqual(got, []);
  feed.streamTo(client);
  assert.deepEqual(got, [1]);
});

test('At most ten seconds are kept.', async () => {
  const { feed, microphone, client, got } = makeFeed();
  await feed.open();
  for (let chunk = 0; chunk < 600; chunk += 1) microphone.hear(new Int16Array(480).fill(chunk));
  assert.deepEqual([feed.stats().backlogMs, feed.stats().lostMs], [10_000, 2_000]);
  feed.streamTo(client);
  assert.deepEqual([got.length, got[0]], [500, 100]);
});

test('What the gate holds back is neither sent nor kept.', async () => {
  const { feed, microphone, client, got } = makeFeed(() => null);
  await feed.open();
  microphone.hear(Int16Array.of(1));
  feed.streamTo(client);
  microphone.hear(Int16Array.of(2));
  assert.deepEqual(got, []);
});

test('A microphone that goes away is replaced by the system’s own.', async () => {
  const { feed, microphone, told } = makeFeed();
  await feed.open('headset');
  microphone.dispatchEvent(new Event('ended'));
  await settle();
  assert.deepEqual(microphone.started, ['headset', '']);
  assert.match(told[0][1], /went away/u);
});

test('When there is no other, that is told.', async () => {
  const { feed, microphone, told } = makeFeed();
  await feed.open();
  microphone.failure = new Error('none');
  microphone.dispatchEvent(new Event('ended'));
  await settle();
  assert.equal(told.at(-1)[0], 'failed');
});

test('A system that mutes the microphone is told of.', async () => {
  const { microphone, told } = makeFeed();
  microphone.dispatchEvent(new CustomEvent('silenced', { detail: true }));
  assert.match(told[0][1], /muted/u);
});

test('Mute outlives a change of microphones.', async () => {
  const { feed, microphone } = makeFeed();
  feed.muted = true;
  microphone.muted = false;
  await feed.open();
  assert.equal(microphone.muted, true);
});

test('Closed while the browser asked, the microphone does not stay open.', async () => {
  const { feed, microphone } = makeFeed();
  const opening = feed.open();
  feed.close();
  await opening;
  assert.equal(microphone.open, false);
});
