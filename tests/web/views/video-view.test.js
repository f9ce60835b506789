import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seenWords } from '../../../web/views/video-view.js';

const TURN = { when: 'turn', intervalS: 5, side: 640, most: 60 };

test('What the model sees is said with how many pictures there were and may be, and with what they took.', () => {
  const none = { watching: TURN, shown: 0, tokens: 0, refused: false };
  for (const [video, words] of [
    [none, 'The model sees a picture at each of your turns, at most 60.'],
    [{ ...none, shown: 2 }, 'The model sees a picture at each of your turns: 2 of 60.'],
    [
      { ...none, watching: { ...TURN, when: 'interval' }, shown: 2, tokens: 1700 },
      'The model sees a picture every 5 seconds: 2 of 60. They were 1,700 tokens of its last answer.',
    ],
    [{ ...none, watching: { ...TURN, when: 'interval', intervalS: 1 } }, 'The model sees a picture every second, at most 60.'],
    [{ ...none, shown: 60 }, 'The model has seen 60 pictures, and is shown no more in this call.'],
    [{ ...none, refused: true }, 'This model takes no pictures.'],
    [{ ...none, watching: null }, 'The model sees it again when the connection is back.'],
  ]) assert.equal(seenWords(video), words);
});
