import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallSocket, figuresOf } from '../../../web/protocol/call-socket.js';
import { FakePeerConnection, settle } from '../fakes.js';

/** A call to a relay that answers so, and what it told. */
async function makeCall({ status = 201, body = 'v=0 answer', ticket = '', fails = false, told: offer = null, patched = 200 } = {}) {
  const asked = [];
  const request = async (url, options) => {
    asked.push([url, options]);
    if (fails) throw new TypeError('network down');
    if (options.method === 'PATCH') return new Response('v=0 another answer', { status: patched });
    if (options.method !== 'POST') return offer === null ? new Response('', { status: 404 }) : Response.json(offer);
    return new Response(body, { status, headers: { Location: '/v1/realtime/calls/rtc_1' } });
  };
  const call = new CallSocket('wss://relay/v1/realtime?profile=p', ticket, { PeerConnection: FakePeerConnection, request });
  const told = [];
  call.addEventListener('open', () => told.push('open'));
  call.addEventListener('message', ({ data }) => told.push(JSON.parse(data)));
  call.addEventListener('close', ({ code, reason }) => told.push(`${code} ${reason}`.trim()));
  await settle();
  return { call, peer: FakePeerConnection.last, asked, told };
}

/** A call that has been made. */
async function openCall(options = {}) {
  const made = await makeCall(options);
  made.peer.become('connected');
  made.peer.channel.dispatchEvent(new Event('open'));
  return made;
}

test('A call is offered to the relay and opens with its channel; then it is a socket like any other.', async () => {
  const { call, peer, asked, told } = await makeCall({ ticket: 'ek_1' });
  const [[before, { headers: credential }], [url, { method, body, headers }]] = asked;
  assert.deepEqual([before, credential], ['https://relay/v1/realtime/ice_servers?profile=p&relay_events=1', { Authorization: 'Bearer ek_1' }]);
  assert.deepEqual([url, method, body], ['https://relay/v1/realtime/calls?profile=p&relay_events=1', 'POST', 'v=0 offer']);
  assert.deepEqual(headers, { 'Content-Type': 'application/sdp', Authorization: 'Bearer ek_1' });
  assert.deepEqual(peer.remoteDescription, { type: 'answer', sdp: 'v=0 answer' });
  assert.deepEqual([call.readyState, call.remote, peer.channel.name], [0, 'the sound', 'oai-events']);
  peer.become('connected');
  peer.channel.dispatchEvent(new Event('open'));
  peer.channel.dispatchEvent(new MessageEvent('message', { data: '{"type":"x"}' }));
  call.send('{"type":"y"}');
  assert.deepEqual([call.readyState, told, peer.channel.sent], [1, ['open', { type: 'x' }], ['{"type":"y"}']]);
  assert.ok(call.connectedAt > 0);
  call.close();
  peer.channel.dispatchEvent(new Event('close'));
  assert.deepEqual([call.readyState, peer.closed, told.length], [3, true, 2]);
});

test('Who hangs up before there is an answer does not wait for it.', async () => {
  let signal;
  const call = new CallSocket('ws://relay/v1/realtime', '', {
    PeerConnection: FakePeerConnection,
    request: (_url, options) => new Promise(() => ({ signal } = options)),
  });
  await settle();
  call.close();
  assert.equal(signal.aborted, true);
});

test('Without a ticket no credential is sent.', async () => {
  const { call, asked } = await makeCall();
  assert.ok(asked.every(([, { headers }]) => !('Authorization' in headers)));
  call.close();
});

test('A refusal is told as an error event, in the relay’s own words, and then it closes.', async () => {
  const { told, peer } = await makeCall({ status: 503, body: '{"error":{"code":"full","message":"Full."}}' });
  assert.deepEqual(told.map((each) => each.error?.code ?? each), ['open', 'full', '1006']);
  assert.ok(peer.closed);
});

test('Where there is no such address nobody makes calls.', async () => {
  for (const [status, code] of [[404, 'no_calls'], [405, 'no_calls'], [500, null]]) {
    const { told } = await makeCall({ status, body: '<html>' });
    assert.deepEqual([told[1].error.code, told.at(-1)], [code, '1006']);
  }
});

test('A relay that is not there is a socket that never opened.', async () => {
  const { told } = await makeCall({ fails: true });
  assert.deepEqual(told, ['1006 TypeError: network down']);
});

test('A call whose sound does not get through is refused, at once when the browser gives up, else after eight seconds.', async (context) => {
  const failed = await makeCall();
  failed.peer.become('failed');
  assert.deepEqual(failed.told.map((each) => each.error?.code ?? each), ['open', 'call_not_connected', '1006']);
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const silent = await makeCall();
  context.mock.timers.tick(8_000);
  assert.deepEqual(silent.told.map((each) => each.error?.code ?? each), ['open', 'call_not_connected', '1006']);
  const opened = await openCall();
  context.mock.timers.tick(60_000);
  assert.deepEqual(opened.told, ['open']);
  opened.call.close();
});

test('A call that is lost, or that the other end ends, closes once.', async () => {
  for (const end of [
    (peer) => peer.become('failed'),
    (peer) => peer.channel.dispatchEvent(new Event('close')),
  ]) {
    const { peer, told } = await openCall();
    end(peer);
    peer.channel.dispatchEvent(new Event('close'));
    assert.equal(told.filter((each) => String(each).startsWith('1006')).length, 1);
  }
});

test('A call whose network is gone looks for another way in the same call, where the relay answers it.', async () => {
  const byRelay = { ice_servers: [], calls: 'relay', video: null };
  for (const [told, patched, offers, answer, local] of [
    [byRelay, 200, 1, 'v=0 another answer', 'offer'],
    [byRelay, 404, 1, 'v=0 answer', 'rollback'],
    [null, 200, 0, 'v=0 answer', 'offer'],
  ]) {
    const { call, peer, asked } = await openCall({ told, patched, ticket: 'ek_1' });
    peer.become('disconnected');
    await settle();
    const anew = asked.filter(([, { method }]) => method === 'PATCH');
    assert.equal(anew.length, offers);
    for (const [url, { headers }] of anew) {
      assert.deepEqual([url, headers.Authorization], ['https://relay/v1/realtime/calls/rtc_1', 'Bearer ek_1']);
    }
    assert.deepEqual([peer.remoteDescription.sdp, peer.localDescription.type, call.readyState], [answer, local, 1]);
    call.close();
  }
});

test('An event that a channel does not carry is answered by an error that names it.', async () => {
  const { call, peer, told } = await openCall();
  call.send(JSON.stringify({ type: 'conversation.item.create', event_id: 'page_7', item: 'é'.repeat(140_000) }));
  const { error } = told.at(-1);
  assert.deepEqual([error.code, error.event_id, peer.channel.sent], ['event_too_large', 'page_7', []]);
  assert.match(error.message, /^conversation\.item\.create has 274 KiB, and a call carries 256/);
  call.close();
});

test('What is said can change without another offer.', async () => {
  const { call, peer } = await openCall();
  await call.setTrack('a microphone');
  await call.setTrack(null);
  assert.deepEqual(peer.tracks, ['a microphone', null]);
  call.close();
});

test('The servers that a relay names are on the way, and a camera is offered to one that watches, if it takes it.', async () => {
  const servers = [{ urls: ['turn:there'], username: 'u', credential: 'c' }];
  const video = { when: 'turn', interval_s: 5, side: 640, most: 60 };
  const { call, peer } = await openCall({ told: { ice_servers: servers, video } });
  assert.deepEqual([peer.configuration, peer.transceivers.length], [{ iceServers: servers }, 2]);
  assert.deepEqual(call.watching, { when: 'turn', intervalS: 5, side: 640, most: 60 });
  await call.setVideo('a camera');
  assert.deepEqual([peer.shown, peer.tracks], [['a camera'], []]);
  peer.transceivers[1].currentDirection = 'inactive';
  assert.equal(call.watching, null);
  call.close();
});

test('Nothing is offered to who does not watch, or does not say.', async () => {
  for (const told of [null, [], { ice_servers: [], video: null }, { ice_servers: 'none' }]) {
    const { call, peer } = await openCall({ told });
    assert.deepEqual([peer.configuration, peer.transceivers.length, call.watching], [null, 1, null]);
    await call.setVideo('a camera');
    assert.deepEqual([peer.shown, call.readyState], [[], 1]);
    call.close();
  }
});

test('Figures are of the sound that comes and of the pair that carries it; what is not known is null.', () => {
  const sound = {
    type: 'inbound-rtp', kind: 'audio', packetsReceived: 98, packetsLost: 2, jitter: 0.004,
    totalSamplesReceived: 48_000, concealedSamples: 480,
  };
  const pair = { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.03 };
  assert.deepEqual(figuresOf([{ type: 'codec' }, sound, pair]), {
    roundTripMs: 30, jitterMs: 4, lostShare: 0.02, concealedShare: 0.01,
  });
  assert.deepEqual(figuresOf([]), { roundTripMs: null, jitterMs: null, lostShare: null, concealedShare: null });
  assert.equal(figuresOf([{ ...sound, packetsLost: -3 }]).lostShare, 0); // duplicates count backwards
});
