import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsUrl, conversationsUrl, inConversation, realtimeUrl } from '../../../web/protocol/addresses.js';

test('Model and profile stand in the address; http means the same host.', () => {
  assert.equal(realtimeUrl('http://relay/v1/realtime', 'm', 'p'), 'ws://relay/v1/realtime?model=m&profile=p');
  assert.equal(realtimeUrl('wss://relay/v1/realtime?x=1', '', ''), 'wss://relay/v1/realtime?x=1');
  assert.equal(realtimeUrl('nonsense', 'm', 'p'), 'nonsense');
});

test('Calls are made below the address of the WebSockets, with the same query.', () => {
  assert.equal(callsUrl('wss://relay/voice/v1/realtime?profile=p'), 'https://relay/voice/v1/realtime/calls?profile=p&relay_events=1');
  assert.equal(callsUrl('ws://relay:8000/v1/realtime/'), 'http://relay:8000/v1/realtime/calls?relay_events=1');
});

test('Conversations are kept beside where sessions are opened, and only of those that are conversations.', () => {
  assert.equal(conversationsUrl('wss://relay/voice/v1/realtime?profile=p'), 'https://relay/voice/v1/conversations');
  assert.equal(conversationsUrl('ws://relay:8000/v1/realtime/'), 'http://relay:8000/v1/conversations');
  for (const other of ['wss://relay/v1/realtime?intent=transcription', 'wss://relay/v1/realtime/translations', 'nowhere'])
    assert.equal(conversationsUrl(other), null);
  assert.equal(inConversation('wss://relay/v1/realtime?profile=p', 'a b'), 'wss://relay/v1/realtime?profile=p&conversation=a+b');
});
