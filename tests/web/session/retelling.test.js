import assert from 'node:assert/strict';
import { test } from 'node:test';
import { butNot, partsHandedOn, retell } from '../../../web/session/retelling.js';

/** A client whose updates are taken, refused, or answered by nobody (null), and what it was sent. */
function makeClient(taken) {
  const client = {
    ready: true,
    sent: [],
    createItem: (item) => client.sent.push(item.id),
    changeSession(changes) {
      client.sent.push(changes);
      return taken === null ? new Promise(() => {}) : Promise.resolve(taken);
    },
  };
  return client;
}

const TURN = { id: 'u', role: 'user', text: 'Hello', images: [], call: null, waiting: false };

test('Settings are restored before anything is said.', async () => {
  const client = makeClient(true);
  assert.deepEqual(await retell(client, { turns: [TURN], changes: { tools: [] } }), []);
  assert.deepEqual(client.sent, [{ tools: [] }, 'u']);
});

test('Settings that are refused are named, and the conversation goes on.', async () => {
  const client = makeClient(false);
  const missing = await retell(client, { turns: [TURN], changes: { tools: [], instructions: 'x' } });
  assert.deepEqual(missing, ['the settings tools, instructions']);
  assert.equal(client.sent.at(-1), 'u');
  assert.equal(butNot(missing), ', but for the settings tools, instructions.');
});

test('A session that answers nothing is not awaited for ever, and its silence is no refusal.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const client = makeClient(null);
  const done = retell(client, { turns: [], changes: { tools: [] } });
  await new Promise((resolve) => setImmediate(resolve));
  context.mock.timers.tick(2000);
  assert.deepEqual(await done, ['the settings tools, which nobody has confirmed']);
});

test('Nothing changed is nothing to restore; a session that is gone is told nothing.', async () => {
  const client = makeClient(null);
  client.ready = false;
  assert.deepEqual(await retell(client, { turns: [TURN], changes: null }), []);
  assert.deepEqual(client.sent, []);
  assert.equal(butNot([]), '.');
});

test('What the relay has said again itself is not said twice, and pictures it has not.', async () => {
  const client = makeClient(true);
  assert.deepEqual(await retell(client, { turns: [TURN], changes: { tools: [] }, handedOn: 2 }), []);
  const shown = { ...TURN, images: ['data:image/png;base64,'] };
  assert.deepEqual(await retell(client, { turns: [shown], changes: null, handedOn: 2 }), ['pictures']);
  assert.deepEqual(client.sent, [{ tools: [] }]);
});

test('How much that is tells the relay, where a conversation was named and is kept.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const client = (url) => Object.assign(new EventTarget(), { url });
  assert.equal(await partsHandedOn(client('wss://relay/v1/realtime')), 0);
  const named = client('wss://relay/v1/realtime?conversation=c1');
  const told = partsHandedOn(named);
  named.dispatchEvent(new CustomEvent('relay.conversation', { detail: { id: 'c1', replayed: 4 } }));
  assert.equal(await told, 4);
  const silent = partsHandedOn(client('wss://relay/v1/realtime?conversation=c1'));
  context.mock.timers.tick(2000);
  assert.equal(await silent, 0);
});
