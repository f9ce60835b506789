import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { ResumableSocket } from '../../../web/protocol/resumable-socket.js';
import { FakeWebSocket, settle } from '../fakes.js';

const RESUMABLE = { type: 'relay.resumable', token: 't1', grace_s: 30 };

/** A socket that is open and can be resumed, and what it told. */
function open() {
  const dial = async (protocols) => new FakeWebSocket('wss://a', protocols);
  const socket = new ResumableSocket(new FakeWebSocket('wss://a', ['b']), dial);
  const told = [];
  socket.addEventListener('message', ({ data }) => told.push(data));
  socket.addEventListener('close', ({ code }) => told.push(code));
  FakeWebSocket.last.open('b');
  FakeWebSocket.last.deliver(RESUMABLE);
  return { socket, told };
}

/** Lets so much time go by, and what it brings happen. */
async function after(ms) {
  mock.timers.tick(ms);
  await settle();
}

/** The relay takes the newest connection for the session's. */
function takeBack(received, token = 't2') {
  FakeWebSocket.last.open(FakeWebSocket.last.protocols[0]);
  FakeWebSocket.last.deliver({ ...RESUMABLE, token });
  FakeWebSocket.last.deliver({ type: 'relay.resumed', recovered: true, from: 0, received });
}

beforeEach(() => {
  FakeWebSocket.made.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

test('A connection that breaks is taken up again, and each side says what the other has not had.', async () => {
  const { socket, told } = open();
  for (const n of [1, 2, 3]) socket.send(JSON.stringify({ n }));
  FakeWebSocket.last.deliver({ type: 'a' });
  FakeWebSocket.last.deliver({ type: 'relay.cost' });
  FakeWebSocket.last.deliver(new ArrayBuffer(2));
  FakeWebSocket.last.readyState = 2; // the browser knows, and has not said so
  socket.send(JSON.stringify({ n: 4 }));
  assert.equal(FakeWebSocket.last.sent.length, 3);
  FakeWebSocket.last.end();
  await after(0);
  assert.deepEqual(FakeWebSocket.last.protocols, ['relay.resume.v1.t1.2']);
  takeBack(1);
  assert.deepEqual(FakeWebSocket.last.sent, [{ n: 2 }, { n: 3 }, { n: 4 }]);
  FakeWebSocket.last.deliver({ type: 'b' });
  const types = told.map((data) => (typeof data === 'string' ? JSON.parse(data).type : data.byteLength));
  assert.deepEqual(types, ['a', 'relay.cost', 2, 'relay.resumed', 'b']); // and nobody is told a token
  assert.deepEqual([socket.readyState, socket.protocol], [1, 'b']);
  FakeWebSocket.last.end();
  await after(0);
  assert.deepEqual(FakeWebSocket.last.protocols, ['relay.resume.v1.t2.3']);
});

test('It is tried again for as long as the relay waits, and then the connection is lost.', async () => {
  const { socket, told } = open();
  const clock = mock.method(performance, 'now', () => 0);
  FakeWebSocket.last.end();
  await after(0);
  for (let attempt = 2; attempt < 6; attempt += 1) {
    FakeWebSocket.last.end();
    await after(800);
    assert.equal(FakeWebSocket.made.length, attempt + 1);
  }
  clock.mock.mockImplementation(() => 29_000);
  FakeWebSocket.last.end();
  await after(800);
  assert.deepEqual(told, []);
  clock.mock.mockImplementation(() => 31_000);
  FakeWebSocket.last.end();
  await after(800);
  assert.deepEqual([told, socket.readyState], [[1006], 3]);
  clock.mock.restore();
});

test('A break that is no blip is told, and that it is over.', async () => {
  const { socket } = open();
  const told = [];
  socket.addEventListener('away', () => told.push(socket.away));
  FakeWebSocket.last.end();
  await after(0);
  takeBack(0);
  await after(6_000);
  assert.deepEqual(told, []);
  FakeWebSocket.last.end();
  await after(5_000);
  assert.deepEqual(told, [true]);
  takeBack(0, 't3');
  assert.deepEqual(told, [true, false]);
  FakeWebSocket.last.end();
  socket.close();
  await after(6_000);
  assert.deepEqual(told, [true, false]);
});

test('An attempt that hangs is given up for another, and what comes of it later is nobody’s.', async () => {
  const { told } = open();
  FakeWebSocket.last.end();
  await after(0);
  const hanging = FakeWebSocket.last;
  await after(3_500);
  assert.notEqual(FakeWebSocket.last, hanging);
  assert.notEqual(hanging.closed, null);
  hanging.deliver({ type: 'a' });
  hanging.end();
  takeBack(0);
  await after(3_500);
  assert.equal(told.length, 1);
  assert.equal(FakeWebSocket.last.closed, null);
});

test('A session that is not to be had, or that lost more than is kept, is lost.', async () => {
  for (const refuse of [
    () => FakeWebSocket.last.deliver({ type: 'relay.resumed', recovered: false, reason: 'unknown_token' }),
    () => FakeWebSocket.last.end(3000, 'no'),
    () => takeBack(0),
  ]) {
    const { socket, told } = open();
    for (let n = 0; n < 5; n += 1) socket.send(JSON.stringify('x'.repeat(1024 * 1024)));
    FakeWebSocket.last.end();
    await after(0);
    refuse();
    assert.deepEqual(told, [1006]);
    assert.notEqual(FakeWebSocket.last.readyState, 1);
  }
});

test('What ends for a reason, or cannot be resumed, ends at once.', async () => {
  const { socket, told } = open();
  FakeWebSocket.last.end(1001, 'over');
  assert.deepEqual([told, socket.readyState, socket.renew()], [[1001], 3, false]);
  const other = new ResumableSocket(new FakeWebSocket('wss://a', []), () => assert.fail());
  other.addEventListener('close', ({ code }) => told.push(code));
  FakeWebSocket.last.open();
  assert.equal(other.renew(), false);
  FakeWebSocket.last.end();
  await after(0);
  assert.deepEqual(told, [1001, 1006]);
});

test('Who is told that nothing comes any more takes another connection, once.', async () => {
  const { socket, told } = open();
  const old = FakeWebSocket.last;
  assert.equal(socket.renew(), true);
  assert.equal(socket.renew(), true);
  assert.notEqual(old.closed, null);
  old.deliver({ type: 'a' });
  old.end();
  await after(0);
  assert.equal(FakeWebSocket.made.length, 2);
  takeBack(0);
  assert.equal(told.length, 1);
});

test('Who hangs up meanwhile has hung up.', async () => {
  const { socket, told } = open();
  FakeWebSocket.last.end();
  socket.close();
  await after(10_000);
  assert.deepEqual([told, FakeWebSocket.made.length, socket.readyState], [[], 1, 3]);
});
