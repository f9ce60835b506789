import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { RealtimeClient } from '../../../web/protocol/realtime-client.js';
import { Connector } from '../../../web/session/connector.js';
import { FakeCall, FakeWebSocket, settle } from '../fakes.js';

/** A connector on fake sockets, with what it told. */
function makeConnector(options = {}) {
  const connector = new Connector({
    ...options,
    makeClient: (target, codecs) =>
      new RealtimeClient({ ...target, codecs, WebSocketClass: FakeWebSocket, CallClass: FakeCall }),
    random: () => 1,
  });
  const told = [];
  connector.addEventListener('state', ({ detail }) => told.push(detail));
  connector.addEventListener('open', ({ detail }) => told.push(detail.resumed ? 'resumed' : 'begun'));
  connector.addEventListener('notice', ({ detail }) => told.push(detail));
  connector.addEventListener('failed', ({ detail }) => told.push(detail.title));
  return { connector, told };
}

/** The newest socket opens, and its session begins. */
async function accept() {
  FakeWebSocket.last.open();
  FakeWebSocket.last.deliver({ type: 'session.created', session: { id: 's' } });
  await settle();
}

beforeEach(() => {
  FakeWebSocket.made.length = 0;
});

test('A session opens and closes.', async () => {
  const { connector, told } = makeConnector();
  const opened = connector.open({ url: 'ws://relay/v1/realtime', profile: 'p' });
  await accept();
  assert.equal(await opened, true);
  assert.equal(FakeWebSocket.last.url, 'ws://relay/v1/realtime?profile=p');
  assert.notEqual(connector.client, null);
  connector.close();
  assert.equal(connector.client, null);
  assert.deepEqual(told, ['connecting', 'open', 'begun', 'closed']);
});

test('A relay that is not there is said to be so, and not tried again.', async () => {
  const { connector, told } = makeConnector();
  const opened = connector.open({ url: 'ws://relay:9/v1/realtime' });
  FakeWebSocket.last.end(1006);
  await settle();
  FakeWebSocket.last.end(1006);
  assert.equal(await opened, false);
  assert.deepEqual(told, ['connecting', 'closed', 'Nothing answers at relay:9.']);
});

test('A server that takes no subprotocol is asked again without one.', async () => {
  const { connector } = makeConnector();
  const opened = connector.open({ url: 'ws://relay/v1/realtime' });
  assert.deepEqual(FakeWebSocket.last.protocols, ['relay.binary.v1', 'realtime', 'relay.resume.v1']);
  FakeWebSocket.last.end(1006);
  await settle();
  assert.deepEqual(FakeWebSocket.last.protocols, []);
  await accept();
  assert.equal(await opened, true);
  connector.close();
});

test('A refusal is told in its own words.', async () => {
  const { connector, told } = makeConnector();
  connector.open({ url: 'ws://relay/v1/realtime' });
  FakeWebSocket.last.open();
  FakeWebSocket.last.deliver({ type: 'error', error: { code: 'full' } });
  FakeWebSocket.last.end(1013);
  await settle();
  assert.deepEqual(told, ['connecting', 'closed', 'The relay is full.']);
});

test('A lost session is opened again, later each time.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector, told } = makeConnector();
  connector.open({ url: 'ws://relay/v1/realtime' });
  await accept();
  FakeWebSocket.last.end(1012);
  assert.equal(connector.state, 'reconnecting');
  for (const delayMs of [500, 1000, 2000]) {
    const before = FakeWebSocket.made.length;
    context.mock.timers.tick(delayMs - 1);
    assert.equal(FakeWebSocket.made.length, before);
    context.mock.timers.tick(1);
    assert.equal(FakeWebSocket.made.length, before + 1);
    FakeWebSocket.last.end(1006);
    await settle();
  }
  context.mock.timers.tick(4000);
  await accept();
  assert.equal(connector.state, 'open');
  assert.equal(connector.attempt, 0);
  assert.equal(told.at(-1), 'resumed');
  connector.close();
});

test('It tries for minutes, says why, and then gives up.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector, told } = makeConnector();
  connector.open({ url: 'ws://relay/v1/realtime' });
  await accept();
  FakeWebSocket.last.end(1006);
  let waitedMs = 0;
  for (; connector.state !== 'closed'; waitedMs += 4000) {
    assert.notEqual(connector.reason, null);
    context.mock.timers.tick(4000); // a half of the longest wait, as one that is as short as chance makes it
    if (FakeWebSocket.last.readyState !== 3) FakeWebSocket.last.end(1006);
    await settle();
  }
  assert.ok(waitedMs >= 120_000 && waitedMs <= 600_000, `${waitedMs}`);
  assert.equal(connector.reason, null);
  assert.match(told.at(-1), /^Nothing answers/u);
});

test('A session whose network was another one is asked whether it is there, and given up soon.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const network = new EventTarget();
  const { connector } = makeConnector({ network });
  connector.open({ url: 'ws://relay/v1/realtime' });
  await accept();
  network.dispatchEvent(new Event('online'));
  assert.deepEqual(FakeWebSocket.last.sentTypes, ['session.update']);
  context.mock.timers.tick(2_000);
  assert.equal(connector.state, 'reconnecting');
  connector.close();
});

test('What waits to reconnect does so at once when it is told to, or the network is back.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const network = new EventTarget();
  const { connector, told } = makeConnector({ network });
  connector.open({ url: 'ws://relay/v1/realtime' });
  await accept();
  const before = FakeWebSocket.made.length;
  network.dispatchEvent(new Event('online'));
  assert.equal(FakeWebSocket.made.length, before, 'a session that goes on is left alone');
  FakeWebSocket.last.deliver({ type: 'session.updated', session: {} });
  FakeWebSocket.last.end(1006);
  network.dispatchEvent(new Event('online'));
  await settle();
  assert.equal(FakeWebSocket.made.length, before + 1);
  connector.retryNow();
  await settle();
  assert.equal(FakeWebSocket.made.length, before + 2, 'an attempt that hangs is given up');
  await accept();
  assert.equal(told.at(-1), 'resumed');
  context.mock.timers.tick(60_000);
  assert.equal(FakeWebSocket.made.length, before + 2);
  connector.close();
});

test('A ticket that comes after the visitor was impatient opens nothing.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector } = makeConnector();
  const asked = [];
  connector.open({ url: 'ws://relay/v1/realtime', ticket: () => new Promise((resolve) => asked.push(resolve)) });
  asked[0]('a');
  await settle();
  await accept();
  FakeWebSocket.last.end(1006);
  connector.retryNow();
  connector.retryNow();
  const before = FakeWebSocket.made.length;
  for (const give of asked.slice(1)) give('b');
  await settle();
  assert.equal(FakeWebSocket.made.length, before + 1);
  connector.close();
});

test('A refusal that will not change ends the attempts.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector, told } = makeConnector();
  connector.open({ url: 'ws://relay/v1/realtime' });
  await accept();
  FakeWebSocket.last.end(1006);
  context.mock.timers.tick(500);
  FakeWebSocket.last.open();
  FakeWebSocket.last.end(3000);
  await settle();
  assert.equal(connector.state, 'closed');
  assert.match(told.at(-1), /key was refused/u);
});

test('Closing ends the attempts, and what a dropped socket still says is not heard.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector, told } = makeConnector();
  connector.open({ url: 'ws://relay/v1/realtime' });
  const [socket] = FakeWebSocket.made;
  await accept();
  FakeWebSocket.last.end(1006);
  connector.close();
  context.mock.timers.tick(60_000);
  socket.deliver({ type: 'error', error: {} });
  assert.equal(FakeWebSocket.made.length, 1);
  assert.equal(told.at(-1), 'closed');
});

test('A ticket goes with each connection, and a new one is asked for when a session is restored or resumed.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector } = makeConnector();
  let count = 0;
  connector.open({ url: 'ws://relay/v1/realtime', ticket: async () => `ek_${(count += 1)}` });
  await settle();
  assert.deepEqual(FakeWebSocket.last.protocols, [
    'relay.binary.v1',
    'openai-insecure-api-key.ek_1',
    'realtime',
    'relay.resume.v1',
  ]);
  assert.doesNotMatch(FakeWebSocket.last.url, /ek_/u);
  await accept();
  FakeWebSocket.last.end(1012);
  context.mock.timers.tick(500);
  await settle();
  assert.ok(FakeWebSocket.last.protocols.includes('openai-insecure-api-key.ek_2'));
  await accept();
  FakeWebSocket.last.deliver({ type: 'relay.resumable', token: 't', grace_s: 30 });
  FakeWebSocket.last.end(1006);
  context.mock.timers.tick(0);
  await settle();
  assert.deepEqual(FakeWebSocket.last.protocols, ['relay.resume.v1.t.1', 'openai-insecure-api-key.ek_3']);
  connector.close();
});

test('Where no ticket can be had, the visitor is told; while reconnecting it is asked for again.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector, told } = makeConnector();
  let fails = true;
  const ticket = () => (fails ? Promise.reject(new Error('offline')) : 'ek_1');
  assert.equal(await connector.open({ url: 'ws://relay/v1/realtime', ticket }), false);
  assert.equal(told.at(-1), 'This page could not get a ticket for the relay.');
  fails = false;
  connector.open({ url: 'ws://relay/v1/realtime', ticket });
  await settle();
  await accept();
  fails = true;
  FakeWebSocket.last.end(1006);
  context.mock.timers.tick(500);
  await settle();
  assert.equal(connector.state, 'reconnecting');
  fails = false;
  context.mock.timers.tick(1000);
  await settle();
  await accept();
  assert.equal(told.at(-1), 'resumed');
  connector.close();
});

test('A session closed while its ticket is fetched never opens.', async () => {
  const { connector } = makeConnector();
  const opened = connector.open({ url: 'ws://relay/v1/realtime', ticket: async () => 'ek_1' });
  connector.close();
  assert.equal(await opened, false);
  assert.equal(FakeWebSocket.made.length, 0);
});

test('A session closed while it opens stays closed.', async () => {
  const { connector } = makeConnector();
  connector.open({ url: 'ws://relay/v1/realtime' });
  connector.close();
  FakeWebSocket.last.deliver({ type: 'session.created', session: {} });
  await settle();
  assert.equal(connector.state, 'closed');
  assert.equal(connector.client, null);
});

/** The call that was made last is refused. */
async function refuseCall(code) {
  FakeCall.last.open();
  FakeCall.last.deliver({ type: 'error', error: { code, message: 'so' } });
  FakeCall.last.end(1006);
  await settle();
}

const URL = 'ws://relay/v1/realtime';

test('A call is made where one is asked for, and made again when it is lost.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { connector, told } = makeConnector();
  const opened = connector.open({ url: URL, ticket: 'ek_1', transport: 'webrtc' });
  await settle();
  assert.deepEqual([FakeCall.last.constructor, FakeCall.last.ticket], [FakeCall, 'ek_1']);
  await accept();
  assert.equal(await opened, true);
  assert.deepEqual([connector.client.transport, connector.client.call], ['webrtc', FakeCall.last]);
  FakeCall.last.end(1006);
  context.mock.timers.tick(500);
  await settle();
  assert.equal(FakeCall.last.constructor, FakeCall);
  await accept();
  assert.equal(told.at(-1), 'resumed');
  connector.close();
});

test('Where no call can be made, automatic takes a WebSocket, says why, and stays with it.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  for (const [code, why] of [
    ['no_calls', 'This relay makes no calls here.'],
    ['call_not_connected', 'The sound of a call does not get through this network.'],
    ['media_lost', 'The relay failed.'],
  ]) {
    const { connector, told } = makeConnector();
    const opened = connector.open({ url: URL, transport: 'automatic' });
    await settle();
    await refuseCall(code);
    await accept();
    assert.equal(await opened, true);
    assert.ok(told.includes(`${why} A WebSocket takes its place.`));
    assert.deepEqual([connector.client.transport, connector.client.call], ['websocket', null]);
    FakeWebSocket.last.end(1006);
    context.mock.timers.tick(500);
    await settle();
    assert.equal(FakeWebSocket.last.constructor, FakeWebSocket);
    connector.close();
  }
});

test('A relay that answers no HTTP is asked by a WebSocket, whose failure is the one that is told.', async () => {
  const { connector, told } = makeConnector();
  const opened = connector.open({ url: 'ws://relay:9/v1/realtime', transport: 'automatic' });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await settle();
    FakeWebSocket.last.end(1006);
  }
  assert.equal(await opened, false);
  assert.deepEqual(FakeWebSocket.made.map(({ constructor }) => constructor), [FakeCall, FakeWebSocket, FakeWebSocket]);
  assert.equal(told.at(-1), 'Nothing answers at relay:9.');
});

test('What a WebSocket would be refused for, too, is told at once; so is all that a call alone is refused for.', async () => {
  for (const [transport, code, title] of [
    ['automatic', 'full', 'The relay is full.'],
    ['webrtc', 'no_calls', 'This relay makes no calls here.'],
  ]) {
    FakeWebSocket.made.length = 0;
    const { connector, told } = makeConnector();
    const opened = connector.open({ url: URL, transport });
    await settle();
    await refuseCall(code);
    assert.equal(await opened, false);
    assert.deepEqual([told.at(-1), FakeWebSocket.made.length], [title, 1]);
  }
});

test('A session whose connection has been gone for a while is shown as being restored, and is not lost.', async (context) => {
  const { connector, told } = makeConnector();
  const shown = [];
  connector.addEventListener('away', () => shown.push(connector.shownState));
  const opened = connector.open({ url: 'ws://relay/v1/realtime' });
  await accept();
  await opened;
  FakeWebSocket.last.deliver({ type: 'relay.resumable', token: 't', grace_s: 30 });
  context.mock.timers.enable({ apis: ['setTimeout'] });
  FakeWebSocket.last.end();
  context.mock.timers.tick(5_000);
  await settle();
  assert.deepEqual([shown, connector.state], [['reconnecting'], 'open']);
  FakeWebSocket.last.open();
  FakeWebSocket.last.deliver({ type: 'relay.resumed', recovered: true, from: 0, received: 0 });
  assert.deepEqual([shown, told], [['reconnecting', 'open'], ['connecting', 'open', 'begun']]);
  connector.close();
});
