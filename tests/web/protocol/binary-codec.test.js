import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BinaryCodec } from '../../../web/protocol/binary-codec.js';

/** A delta as the relay writes it, with the header of `docs/binary-audio.md`. */
function delta(itemId, contentIndex, samples) {
  const name = new TextEncoder().encode(itemId);
  const headerBytes = 8 + Math.ceil(name.length / 4) * 4;
  const bytes = new Uint8Array(headerBytes + samples.length * 2);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, headerBytes);
  view.setUint16(2, contentIndex, true);
  bytes.set(name, 8);
  samples.forEach((sample, index) => view.setInt16(headerBytes + 2 * index, sample, true));
  return bytes.buffer;
}

test('a binary delta gives its item and its samples', () => {
  for (const itemId of ['item_1', 'item_12', 'ïtem', 'x'.repeat(60)]) {
    const { event, audio } = new BinaryCodec().decode(delta(itemId, 3, [0, 1, -1, 32767, -32768]));
    assert.equal(event.type, 'response.output_audio.delta');
    assert.equal(event.item_id, itemId);
    assert.equal(event.content_index, 3);
    assert.equal(event.samples, 5);
    assert.equal(audio.itemId, itemId);
    assert.equal(audio.contentIndex, 3);
    assert.deepEqual([...new Int16Array(audio.bytes.buffer)], [0, 1, -1, 32767, -32768]);
  }
});

test('a binary delta belongs to the response that began its item', () => {
  const codec = new BinaryCodec();
  codec.decode('{"type":"response.output_item.added","response_id":"r","item":{"id":"i"}}');
  const { event, audio } = codec.decode(delta('i', 0, [1]));
  assert.equal(event.response_id, 'r');
  assert.equal(audio.responseId, 'r');
  codec.decode('{"type":"response.done","response":{"id":"r","output":[{"id":"i"}]}}');
  assert.equal(codec.decode(delta('i', 0, [1])).audio.responseId, '');
});

test('text is JSON as ever', () => {
  const { event, audio } = new BinaryCodec().decode('{"type":"session.created","session":{}}');
  assert.equal(event.type, 'session.created');
  assert.equal(audio, null);
});

test('a message of another kind is refused', () => {
  assert.throws(() => new BinaryCodec().decode(new Uint8Array([2, 8, 0, 0, 0, 0, 0, 0]).buffer), /unknown binary/);
  assert.throws(() => new BinaryCodec().decode(new Uint8Array([1, 4, 0, 0]).buffer), /unknown binary/);
  assert.throws(() => new BinaryCodec().decode(new ArrayBuffer(0)));
});

test('the microphone goes as its own bytes and nothing around them', () => {
  assert.deepEqual([...new Uint8Array(new BinaryCodec().encodeAudio(Uint8Array.of(1, 2)))], [1, 2]);
});
