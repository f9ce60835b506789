import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf } from '../../../web/session/own-relay.js';

for (const [url, kind, address] of [
  ['wss://relay/v1/realtime', 'conversation', 'wss://relay/v1/realtime'],
  ['wss://relay/v1/realtime?profile=a', 'captions', 'wss://relay/v1/realtime?profile=a&intent=transcription'],
  ['wss://relay/voice/v1/realtime/', 'translation', 'wss://relay/voice/v1/realtime/translations'],
  ['wss://relay/v1/realtime', 'opera', 'wss://relay/v1/realtime'],
  ['no address', 'captions', 'no address'],
])
  test(`${kind} at ${url} is at ${address}.`, () => {
    assert.equal(addressOf(url, kind), address);
  });
