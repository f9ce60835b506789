import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsUrl, realtimeUrl } from '../../../web/protocol/addresses.js';

test('Model and profile stand in the address; http means the same host.', () => {
  assert.equal(realtimeUrl('http://relay/v1/realtime', 'm', 'p'), 'ws://relay/v1/realtime?model=m&profile=p');
  assert.equal(realtimeUrl('wss://relay/v1/realtime?x=1', '', ''), 'wss://relay/v1/realtime?x=1');
  assert.equal(realtimeUrl('nonsense', 'm', 'p'), 'nonsense');
});

test('Calls are made below the address of the WebSockets, with the same query.', () => {
  assert.equal(callsUrl('wss://relay/voice/v1/realtime?profile=p'), 'https://relay/voice/v1/realtime/calls?profile=p');
  assert.equal(callsUrl('ws://relay:8000/v1/realtime/'), 'http://relay:8000/v1/realtime/calls');
});
