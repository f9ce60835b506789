import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { pcm16ToBase64 } from '../../../web/audio/pcm.js';
import { ConnectFailed } from '../../../web/protocol/endings.js';
import { RealtimeClient } from '../../../web/protocol/realtime-client.js';
import { FakeWebSocket, settle } from '../fakes.js';

const SESSION = { type: 'session.created', session: { id: 'sess_1', audio: {} } };

/** A client and what it told. */
function makeClient(options = {}) {
  const client = new RealtimeClient({
    url: 'wss://relay.example/v1/realtime',
    WebSocketClass: FakeWebSocket,
    ...options,
  });
  const told = [];
  for (const type of ['event', 'audio', 'sent', 'ended']) {
    client.addEventListener(type, ({ detail }) => told.push([type, detail]));
  }
  return { client, told };
}

/** A client whose session has begun. */
async function openClient(options) {
  const made = makeClient(options);
  const connected = made.client.connect();
  FakeWebSocket.last.open();
  FakeWebSocket.last.deliver(SESSION);
  await connected;
  return { ...made, socket: FakeWebSocket.last };
}

beforeEach(() => {
  FakeWebSocket.made.length = 0;
});

test('Model and profile go into the address; what it held stays.', () => {
  const url = (options) => makeClient(options).client.url;
  assert.equal(url(), 'wss://relay.example/v1/realtime');
  assert.equal(url({ model: 'm 1', profile: 'p' }), 'wss://relay.example/v1/realtime?model=m+1&profile=p');
  assert.equal(url({ url: 'http://a/b?x=1', profile: 'p' }), 'ws://a/b?x=1&profile=p');
  assert.equal(url({ url: 'https://a/b' }), 'wss://a/b');
});

test('Connecting is over with session.created, not with the upgrade.', async () => {
  const { client } = makeClient();
  const connected = client.connect();
  FakeWebSocket.last.open();
  await settle();
  assert.equal(client.ready, false);
  FakeWebSocket.last.deliver(SESSION);
  assert.equal((await connected).id, 'sess_1');
  assert.equal(client.ready, true);
  client.close();
});

test('A refusal after the upgrade carries the error and the close.', async () => {
  const { client } = makeClient();
  const connected = client.connect();
  FakeWebSocket.last.open();
  FakeWebSocket.last.deliver({ type: 'error', error: { code: 'invalid_api_key', message: 'no' } });
  FakeWebSocket.last.end(3000, 'invalid_request_error.invalid_api_key');
  await assert.rejects(connected, (error) => {
    assert.ok(error instanceof ConnectFailed);
    assert.equal(error.reached, true);
    assert.deepEqual(error.ending, {
      code: 3000,
      reason: 'invalid_request_error.invalid_api_key',
      error: { code: 'invalid_api_key', message: 'no' },
      opened: false,
    });
    return true;
  });
});

test('A relay that is not there was not reached.', async () => {
  const { client } = makeClient();
  const connected = client.connect();
  FakeWebSocket.last.end(1006);
  await assert.rejects(connected, { reached: false, name: 'ConnectFailed' });
});

test('An address that no WebSocket can have is a refusal like others.', async () => {
  class Throwing {
    constructor() {
      throw new SyntaxError('bad address');
    }
  }
  const { client } = makeClient({ url: 'nonsense', WebSocketClass: Throwing });
  await assert.rejects(client.connect(), { reached: false });
});

test('Events are told once in general and once by their own type, unknown ones too.', async () => {
  const { client, told, socket } = await openClient();
  const own = [];
  client.addEventListener('x.unheard_of', ({ detail }) => own.push(detail.value));
  socket.deliver({ type: 'x.unheard_of', value: 1 });
  assert.deepEqual(own, [1]);
  assert.deepEqual(told.at(-1), ['event', { type: 'x.unheard_of', value: 1 }]);
  client.close();
});

test('An event cannot take the name of one of the client’s own.', async () => {
  const { client, told, socket } = await openClient();
  socket.deliver({ type: 'ended' });
  assert.deepEqual(
    told.filter(([type]) => type === 'ended'),
    [],
  );
  client.close();
});

test('Audio comes as samples, whatever the age of the name of its event.', async () => {
  const { client, told, socket } = await openClient();
  const samples = Int16Array.of(1, -2, 3);
  for (const type of ['response.output_audio.delta', 'response.audio.delta']) {
    socket.deliver({ type, item_id: 'i', response_id: 'r', content_index: 0, delta: pcm16ToBase64(samples) });
    assert.deepEqual(told.at(-1), ['audio', { itemId: 'i', responseId: 'r', contentIndex: 0, samples }]);
  }
  assert.equal(client.stats().receivedAudioFrames, 6);
  client.close();
});

test('What is not an event is counted and passed over.', async () => {
  const { client, told, socket } = await openClient();
  const before = told.length;
  for (const message of ['{', '[1]', 'null', '{"no":"type"}', new ArrayBuffer(2)]) socket.deliver(message);
  assert.equal(told.length, before);
  assert.equal(client.stats().unreadable, 5);
  client.close();
});

test('Each event that is sent has an id of its own, or keeps the one it has.', async () => {
  const { client, socket } = await openClient();
  const id = client.send({ type: 'response.create' });
  assert.equal(client.send({ type: 'response.create', event_id: 'mine' }), 'mine');
  assert.notEqual(client.updateSession({ voice: 'x' }), id);
  assert.deepEqual(socket.sent[2].session, { type: 'realtime', voice: 'x' });
  client.close();
});

test('Audio is appended as base64.', async () => {
  const { client, socket, told } = await openClient();
  const samples = Int16Array.of(4, 5, 6);
  client.appendAudio(samples);
  assert.deepEqual(socket.sent.at(-1), { type: 'input_audio_buffer.append', audio: pcm16ToBase64(samples) });
  assert.deepEqual(told.at(-1), ['sent', { type: 'input_audio_buffer.append', samples: 3 }]);
  client.close();
});

test('Without a connection nothing is sent and nothing is thrown.', () => {
  const { client, told } = makeClient();
  client.send({ type: 'response.create' });
  client.appendAudio(Int16Array.of(1));
  assert.deepEqual(told, []);
});

test('A lost connection is told once; one that we close is not told.', async () => {
  const lost = await openClient();
  lost.socket.end(1006);
  lost.socket.end(1006);
  assert.equal(lost.told.filter(([type]) => type === 'ended').length, 1);
  assert.equal(lost.client.ready, false);
  const closed = await openClient();
  closed.client.close();
  closed.socket.end(1000);
  assert.equal(closed.told.filter(([type]) => type === 'ended').length, 0);
  assert.deepEqual(closed.socket.closed, { code: 1000, reason: '' });
});

test('Closing ends the wait for a session.', async () => {
  const { client, told } = makeClient();
  const connected = client.connect();
  client.close();
  await assert.rejects(connected, ConnectFailed);
  assert.deepEqual(told, []);
});

test('An old error does not explain a later end.', async () => {
  const { told, socket } = await openClient();
  socket.deliver({ type: 'error', error: { code: 'response_cancel_not_active' } });
  socket.deliver({ type: 'response.created', response: {} });
  socket.end(1011);
  assert.equal(told.at(-1)[1].error, null);
});

test('A codec is offered by its subprotocol, used where it is taken, and JSON else.', async () => {
  const codec = {
    protocol: 'relay.binary.v1',
    encodeEvent: JSON.stringify,
    encodeAudio: (bytes) => bytes.buffer,
    decode: () => ({
      event: null,
      audio: { itemId: 'i', contentIndex: 0, responseId: 'r', bytes: Uint8Array.of(9, 0) },
    }),
  };
  const taken = makeClient({ codecs: [codec] });
  taken.client.connect().catch(() => {});
  assert.deepEqual(FakeWebSocket.last.protocols, ['relay.binary.v1', 'realtime', 'relay.resume.v1']);
  FakeWebSocket.last.open('relay.binary.v1');
  FakeWebSocket.last.deliver(new ArrayBuffer(4));
  assert.equal(taken.told[0][0], 'audio');
  taken.client.appendAudio(Int16Array.of(1, 2));
  assert.equal(FakeWebSocket.last.sent[0].byteLength, 4);
  taken.client.close();
  const refused = makeClient({ codecs: [codec] });
  refused.client.connect().catch(() => {});
  FakeWebSocket.last.open('');
  assert.equal(refused.client.stats().protocol, 'json');
  refused.client.close();
});

test('Each change of the session learns what became of it, and not of another.', async () => {
  const { client, socket } = await openClient();
  const [first, second] = [client.changeSession({ voice: 'marin' }), client.changeSession({ voice: 'nobody' })];
  socket.deliver({ type: 'error', error: { event_id: socket.sent.at(-1).event_id } });
  socket.deliver({ type: 'session.updated', session: {} });
  assert.deepEqual(await Promise.all([first, second]), [true, false]);
});

test('A probe is answered by the next session.updated.', async () => {
  const { client, socket } = await openClient();
  const probe = client.probe();
  assert.deepEqual(socket.sent.at(-1).session, { type: 'realtime' });
  socket.deliver({ type: 'session.updated', session: { id: 'sess_1' } });
  assert.ok((await probe) >= 0);
  client.close();
});

test('A connection that falls silent is probed, then given up as lost.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { told, socket } = await openClient();
  context.mock.timers.tick(20_000);
  assert.equal(socket.sent.at(-1).type, 'session.update');
  context.mock.timers.tick(8_000);
  assert.equal(told.at(-1)[0], 'ended');
  assert.equal(told.at(-1)[1].code, 1006);
});

test('A session keeps its type in every update.', async () => {
  for (const [session, type] of [
    [{ type: 'transcription' }, 'transcription'],
    [{}, 'realtime'],
  ]) {
    const { client, socket } = await openClient();
    socket.deliver({ type: 'session.updated', session });
    client.probe();
    client.updateSession({ audio: {} });
    assert.deepEqual(socket.sent.map((event) => event.session.type), [type, type]);
    client.close();
  }
});

test('Telephone sound is heard and made at 24 kHz; what is unknown is neither noise nor sent.', async () => {
  const { client, socket } = await openClient();
  const heard = [];
  client.addEventListener('audio', ({ detail }) => heard.push(detail.samples.length));
  const format = (type) => ({ audio: { input: { format: { type } }, output: { format: { type } } } });
  socket.deliver({ type: 'session.updated', session: format('audio/pcmu') });
  const delta = { type: 'response.output_audio.delta', item_id: 'a', delta: Buffer.alloc(1600, 0xff).toString('base64') };
  socket.deliver(delta);
  client.appendAudio(new Int16Array(2400));
  assert.ok(Math.abs(heard[0] - 4800) < 300, heard[0]);
  assert.ok(Math.abs(Buffer.from(socket.sent[0].audio, 'base64').length - 800) < 50);
  socket.deliver({ type: 'session.updated', session: format('audio/opus') });
  socket.deliver(delta);
  client.appendAudio(new Int16Array(2400));
  assert.deepEqual([heard.length, socket.sent.length, client.unknownFormats], [1, 1, ['audio/opus']]);
  client.close();
});
