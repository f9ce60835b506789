import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PHASES, phaseOf } from '../../../web/session/phase.js';

const OPEN = {
  connection: 'open',
  failed: false,
  muted: false,
  userSpeaking: false,
  answering: false,
  playing: false,
};

const TABLE = [
  ['idle', { connection: 'closed', userSpeaking: true }],
  ['error', { connection: 'closed', failed: true }],
  ['connecting', { connection: 'connecting', muted: true }],
  ['reconnecting', { connection: 'reconnecting', playing: true }],
  ['listening', {}],
  ['listening', { failed: true }],
  ['muted', { muted: true }],
  ['thinking', { answering: true, muted: true }],
  ['speaking', { answering: true, playing: true, muted: true }],
  ['user-speaking', { userSpeaking: true, playing: true, answering: true }],
];

for (const [phase, now] of TABLE) {
  test(`It is ${phase} with ${JSON.stringify(now)}.`, () => {
    assert.equal(phaseOf({ ...OPEN, ...now }), phase);
  });
}

test('Every phase can come about.', () => {
  assert.deepEqual(new Set(TABLE.map(([phase]) => phase)), new Set(PHASES));
});
