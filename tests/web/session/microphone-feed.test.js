import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MicrophoneFeed } from '../../../web/session/microphone-feed.js';
import { FakeMicrophone, settle } from '../fakes.js';

/** A feed from a fake microphone to a client that keeps what it gets. */
function makeFeed(gate = (samples) => samples) {
  const microphone = new FakeMicrophone();
  const feed = new MicrophoneFeed(microphone, gate);
  const got = [];
  const client = { call: null, appendAudio: (samples) => got.push(samples[0]) };
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

test('At most half a minute is kept.', async () => {
  const { feed, microphone, client, got } = makeFeed();
  await feed.open();
  for (let chunk = 0; chunk < 1600; chunk += 1) microphone.hear(new Int16Array(480).fill(chunk));
  assert.deepEqual([feed.stats().backlogMs, feed.stats().lostMs], [30_000, 2_000]);
  feed.streamTo(client);
  assert.deepEqual([got.length, got[0]], [1500, 100]);
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

/** A client that notes what it is given, and whose signs of life come when the test says so. */
function makeClient() {
  const client = { call: null, got: [], probes: [], abandoned: 0 };
  client.appendAudio = (samples) => client.got.push(samples.length);
  client.probe = () => new Promise((resolve) => client.probes.push(resolve));
  client.abandon = () => (client.abandoned += 1);
  return client;
}

/** Speaks for that many seconds, in chunks of 20 ms. */
function speak(microphone, seconds) {
  for (let chunk = 0; chunk < 50 * seconds; chunk += 1) microphone.hear(new Int16Array(480).fill(1));
}

test('On a slow line chunks are held together; once it is dead the session is given up and nothing of it is lost.', async () => {
  const { feed, microphone } = makeFeed();
  const client = makeClient();
  const lines = [];
  feed.addEventListener('line', () => lines.push(feed.slow));
  await feed.open();
  feed.streamTo(client);
  speak(microphone, 1);
  client.probes.shift()(0);
  await settle();
  speak(microphone, 5);
  assert.deepEqual([lines, feed.slow, new Set(client.got)], [[true], true, new Set([480])]);
  speak(microphone, 5);
  assert.deepEqual([client.got.at(-1), client.abandoned], [4800, 0]);
  speak(microphone, 4);
  assert.ok(client.abandoned > 0);
  feed.hold();
  assert.deepEqual([lines, feed.slow], [[true, false], false]);
  speak(microphone, 2);
  const next = makeClient();
  feed.streamTo(next);
  const said = next.got.reduce((frames, length) => frames + length, 0);
  assert.ok(said >= 16 * 24_000 && said <= 17 * 24_000, `${said}`); // all but the second that arrived
  assert.deepEqual([feed.stats().lostMs, feed.stats().saidAgainMs > 10_000], [0, true]);
});

test('A sign of life that comes late is of its own session alone; a session that is stopped has nothing said again.', async () => {
  const { feed, microphone } = makeFeed();
  const [client, next] = [makeClient(), makeClient()];
  await feed.open();
  feed.streamTo(client);
  speak(microphone, 1);
  feed.hold();
  feed.streamTo(next);
  client.probes.shift()(0);
  await settle();
  assert.equal(feed.stats().roundTripMs, null);
  feed.close();
  feed.streamTo(client);
  assert.equal(client.got.length, 50);
});

/** A client whose line takes in less than is said: its first sign of life took two seconds, and the next takes more than six. */
async function labour({ feed, microphone }, client) {
  client.session = { audio: { input: { format: { type: 'audio/pcm', rate: 24_000 } } } };
  client.asked = [];
  client.changeSession = (changes) => new Promise((resolve) => client.asked.push([changes, resolve]));
  await feed.open();
  feed.streamTo(client);
  speak(microphone, 3);
  client.probes.shift()(0);
  await settle();
  speak(microphone, 7);
}

test('A line that takes in less than is said is given telephone sound, and what is said meanwhile waits for that.', async () => {
  const made = makeFeed();
  const client = makeClient();
  await labour(made, client);
  const before = client.got.length;
  speak(made.microphone, 4);
  const [[changes, answer], ...again] = client.asked;
  assert.deepEqual([changes.audio.input.format, again], [{ type: 'audio/pcmu' }, []]);
  assert.equal(client.got.length, before);
  client.session.audio.input.format = { type: 'audio/pcmu' };
  answer(true);
  await settle();
  speak(made.microphone, 0.2);
  assert.ok(client.got.at(before) >= 4 * 24_000, 'in one piece, with nothing left out');
  assert.match(made.told.at(-1)[1], /as on a telephone/u);
});

test('Where lighter sound is refused the session is not asked again, and goes on as it was.', async () => {
  const made = makeFeed();
  const client = makeClient();
  await labour(made, client);
  client.asked[0][1](false);
  await settle();
  speak(made.microphone, 10);
  assert.deepEqual([client.asked.length, made.told], [1, []]);
  assert.ok(client.got.reduce((frames, length) => frames + length, 0) > 20 * 24_000 - 4_800, 'but for what is held together');
});

test('A session that is lost while it is asked takes nothing with it.', async () => {
  const made = makeFeed();
  const client = makeClient();
  await labour(made, client);
  speak(made.microphone, 2);
  made.feed.hold();
  client.asked[0][1](true);
  const next = makeClient();
  made.feed.streamTo(next);
  await settle();
  assert.ok(next.got.reduce((frames, length) => frames + length, 0) >= 3 * 24_000);
  assert.deepEqual(made.told, []);
});
