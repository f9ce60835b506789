import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonCodec } from '../../../web/protocol/codecs.js';

test('An append is the very JSON that the API documents.', () => {
  assert.deepEqual(JSON.parse(jsonCodec.encodeAudio(Uint8Array.of(1, 2, 3))), {
    type: 'input_audio_buffer.append',
    audio: 'AQID',
  });
});

test('The beta’s names of events are read as today’s; all other names as they are.', () => {
  for (const [sent, read] of [
    ['response.audio_transcript.delta', 'response.output_audio_transcript.delta'],
    ['response.text.done', 'response.output_text.done'],
    ['conversation.item.created', 'conversation.item.added'],
    ['response.done', 'response.done'],
    ['toString', 'toString'],
  ]) {
    assert.equal(jsonCodec.decode(JSON.stringify({ type: sent })).event.type, read);
  }
});

test('An audio delta is an event and bytes, with what is missing filled in.', () => {
  const { event, audio } = jsonCodec.decode(
    JSON.stringify({
      type: 'response.output_audio.delta',
      item_id: 'i',
      delta: 'BQA=',
    }),
  );
  assert.equal(event.type, 'response.output_audio.delta');
  assert.deepEqual(audio, { itemId: 'i', contentIndex: 0, responseId: '', bytes: Uint8Array.of(5, 0) });
});

for (const data of ['', '{', '[]', '7', '{"type":1}', new ArrayBuffer(2)]) {
  test(`${JSON.stringify(data)} is refused.`, () => assert.throws(() => jsonCodec.decode(data)));
}
