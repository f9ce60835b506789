import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnList } from '../../../web/conversation/turn-list.js';

/** A list of turns with these ids. */
function listOf(...ids) {
  const list = new TurnList(100);
  for (const id of ids) list.obtain(id, 'user');
  return list;
}

const idsOf = (list) => list.all.map(({ id }) => id).join('');

test('A turn is made once, at the end.', () => {
  const list = listOf('a', 'b');
  assert.equal(list.obtain('a', 'assistant').role, 'user');
  assert.equal(idsOf(list), 'ab');
});

for (const [turn, previous, order] of [
  ['d', 'a', 'adbc'],
  ['a', 'd', 'bcda'],
  ['b', 'a', 'abcd'],
  ['b', 'unknown', 'abcd'],
  ['b', null, 'abcd'],
  ['b', 'b', 'abcd'],
]) {
  test(`Of abcd, ${turn} placed after ${previous} gives ${order}.`, () => {
    const list = listOf('a', 'b', 'c', 'd');
    list.placeAfter(list.get(turn), previous);
    assert.equal(idsOf(list), order);
  });
}

test('Beyond the limit the oldest is dropped, and counted.', () => {
  const list = new TurnList(2);
  for (const id of ['a', 'b', 'c']) list.obtain(id, 'user');
  assert.equal(idsOf(list), 'bc');
  assert.equal(list.get('a'), undefined);
  assert.equal(list.dropped, 1);
});

test('A cleared list is empty.', () => {
  const list = listOf('a');
  list.clear();
  assert.deepEqual([idsOf(list), list.get('a')], ['', undefined]);
});
