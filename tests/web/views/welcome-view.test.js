import assert from 'node:assert/strict';
import { test } from 'node:test';
import { welcomeWords } from '../../../web/views/welcome-view.js';

const cases = [
  [{ phase: 'idle' }, /^Press start/u],
  [{ phase: 'error' }, /^Press start/u],
  [{ phase: 'connecting', awaitsMicrophone: true }, /browser asks/u],
  [{ phase: 'listening', awaitsMicrophone: true }, /browser asks/u],
  [{ phase: 'connecting' }, /opening a session/u],
  [{ phase: 'listening' }, /^Talk/u],
  [{ phase: 'listening', pushToTalk: true }, /^Hold/u],
  [{ phase: 'muted' }, /does not hear you/u],
];

for (const [state, words] of cases) {
  test(`An empty page says what to do now: ${JSON.stringify(state)}.`, () => {
    assert.match(welcomeWords({ awaitsMicrophone: false, pushToTalk: false, ...state })[1], words);
  });
}
