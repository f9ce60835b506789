import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pcm16ToBase64 } from '../../../web/audio/pcm.js';
import { jsonCodec } from '../../../web/protocol/codecs.js';

test('An append is the very JSON that the API documents.', () => {
  const samples = Int16Array.of(1, -1, 300);
  assert.deepEqual(JSON.parse(jsonCodec.encodeAudio(samples)), {
    type: 'input_audio_buffer.append',
    audio: pcm16ToBase64(samples),
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

test('An audio delta is an event and samples, with what is missing filled in.', () => {
  const { event, audio } = jsonCodec.decode(
    JSON.stringify({
      type: 'response.output_audio.delta',
      item_id: 'i',
      delta: pcm16ToBase64(Int16Array.of(5)),
    }),
  );
  assert.equal(event.type, 'response.output_audio.delta');
  assert.deepEqual(audio, { itemId: 'i', contentIndex: 0, responseId: '', samples: Int16Array.of(5) });
});

for (const data of ['', '{', '[]', '7', '{"type":1}', new ArrayBuffer(2)]) {
  test(`${JSON.stringify(data)} is refused.`, () => assert.throws(() => jsonCodec.decode(data)));
}
