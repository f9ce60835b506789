import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionLedger } from '../../../web/session/session-ledger.js';

const update = (id, session) => ({ type: 'session.update', event_id: id, session: { type: 'realtime', ...session } });
const UPDATED = { type: 'session.updated', session: {} };

test('What was accepted is one change; what was refused, or not answered, is none.', () => {
  const ledger = new SessionLedger();
  assert.equal(ledger.changes, null);
  ledger.received(UPDATED); // the relay's own
  ledger.sent(update('1', { instructions: 'Be brief.', tools: [{ name: 'a' }] }));
  ledger.sent(update('2', { voice: 'no' }));
  ledger.sent(update('3', { tools: [{ name: 'b' }] }));
  assert.equal(ledger.changes, null);
  ledger.received({ type: 'error', error: { event_id: '2' } });
  ledger.received(UPDATED);
  ledger.received(UPDATED);
  ledger.sent(update('4', { temperature: 1 }));
  ledger.lose();
  ledger.received(UPDATED);
  assert.deepEqual(ledger.changes, { instructions: 'Be brief.', tools: [{ name: 'b' }] });
});

test('Changes of audio are kept field by field, those of other objects whole.', () => {
  const ledger = new SessionLedger();
  for (const session of [
    { audio: { input: { turn_detection: { type: 'server_vad', threshold: 0.9 } } } },
    { audio: { input: { turn_detection: null }, output: { voice: 'cedar' } }, prompt: { id: 'a', version: '1' } },
    { audio: { output: { speed: 1.2 } }, prompt: { id: 'b' } },
  ]) {
    ledger.sent(update('x', session));
    ledger.received(UPDATED);
  }
  assert.deepEqual(ledger.changes, {
    audio: { input: { turn_detection: null }, output: { voice: 'cedar', speed: 1.2 } },
    prompt: { id: 'b' },
  });
});

test('What push-to-talk switches off by itself is no change of the visitor’s.', () => {
  const ledger = new SessionLedger();
  const off = update('1', { audio: { input: { turn_detection: null } } });
  ledger.sent(off, true);
  ledger.received(UPDATED);
  assert.equal(ledger.changes, null);
  ledger.sent(off);
  ledger.received(UPDATED);
  assert.deepEqual(ledger.changes, { audio: { input: { turn_detection: null } } });
});

test('The lighter sound that the page asks for on a slow line is not asked of the next session.', () => {
  const ledger = new SessionLedger();
  ledger.sent({ type: 'session.update', event_id: '1', session: { type: 'realtime', audio: { input: { format: { type: 'audio/pcmu' } } } } });
  ledger.received(UPDATED);
  assert.equal(ledger.changes, null);
});
