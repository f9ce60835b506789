import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainEnding, explainError, explainMicrophone, explainUnreachable } from '../../../web/protocol/endings.js';

const ending = (code, rest = {}) => ({ code, reason: '', error: null, opened: true, ...rest });

for (const code of [
  1000, 1001, 1003, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3003, 3008, 4000, 4999,
]) {
  test(`Close code ${code} is told in a sentence, and what to do in another.`, () => {
    const { title, advice } = explainEnding(ending(code));
    assert.match(title, /^\S.*\.$/u);
    assert.match(advice, /^\S.*\.$/u);
  });
}

test('The error knows more than the code.', () => {
  const { title } = explainEnding(ending(4000, { error: { code: 'profile_unknown', message: 'x' } }));
  assert.equal(title, 'This relay has no such profile.');
});

test('A code that no table has, whatever its name, is told by the close.', () => {
  const { title } = explainEnding(ending(1013, { error: { code: 'constructor' } }));
  assert.equal(title, 'The relay is full.');
});

test('The other side’s own words are kept: the error’s, else the reason.', () => {
  assert.equal(
    explainEnding(ending(1011, { reason: 'why', error: { message: 'because' } })).detail,
    'because',
  );
  assert.equal(explainEnding(ending(1011, { reason: 'why' })).detail, 'why');
});

test('Only what can come back is tried again, and only where it once was.', () => {
  const retried = [1001, 1006, 1011, 1012, 1013].map((code) => explainEnding(ending(code)).retry);
  assert.deepEqual(retried, [true, true, true, true, true]);
  const final = [1000, 1008, 3000, 4000].map((code) => explainEnding(ending(code)).retry);
  assert.deepEqual(final, [false, false, false, false]);
  assert.equal(explainEnding(ending(1013, { opened: false })).retry, false);
});

for (const code of ['session_expired', 'time_over', 'idle', 'budget_spent']) {
  test(`A session that ended by a limit (${code}) is not opened again by itself.`, () => {
    assert.equal(explainEnding(ending(1001, { error: { code } })).retry, false);
  });
}

test('A relay that does not answer is named.', () => {
  assert.equal(explainUnreachable('ws://localhost:9/v1').title, 'Nothing answers at localhost:9.');
  assert.equal(explainUnreachable('nonsense').title, 'Nothing answers at nonsense.');
});

for (const reason of [
  'NotAllowedError',
  'NotFoundError',
  'NotReadableError',
  'InsecureContext',
  'SomethingNew',
]) {
  test(`No microphone because of ${reason} says what to do.`, () => {
    const { title, advice, detail } = explainMicrophone({ reason, message: 'm' });
    assert.ok(title.endsWith('.') && advice.includes('start again'));
    assert.equal(detail, 'm');
  });
}

test('An error may be a string, an object, or nothing.', () => {
  assert.equal(explainError({ type: 'error', error: 'plain' }), 'plain');
  assert.equal(explainError({ type: 'error', error: { message: 'object' } }), 'object');
  assert.match(explainError({ type: 'error' }), /reported an error/u);
});
