import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolAnswers } from '../../../web/session/tool-answers.js';
import { settle } from '../fakes.js';

const call = (callId, changes = {}) => ({
  final: true,
  call: { name: 'get_weather', callId, input: '{"city":"Oslo"}', output: null, kind: 'function', ...changes },
});

function makeAnswers(send) {
  const answered = [];
  const voice = Object.assign(new EventTarget(), {
    ready: true,
    conversation: { turns: [] },
    answerCall: (callId, output) => {
      answered.push([callId, output]);
      voice.dispatchEvent(new Event('change'));
      voice.conversation.turns.find((turn) => turn.call?.callId === callId).call.output = output;
      return true;
    },
  });
  const answers = new ToolAnswers(voice, send);
  const notices = [];
  answers.addEventListener('notice', ({ detail }) => notices.push(detail));
  const come = async (...turns) => {
    voice.conversation.turns = turns;
    voice.dispatchEvent(new Event('change'));
    voice.dispatchEvent(new Event('change'));
    await settle();
    await settle();
  };
  return { answers, answered, notices, voice, come };
}

test('A call is answered with the same words each time, and once.', async () => {
  const { answers, answered, come } = makeAnswers();
  answers.set('get_weather', { kind: 'words', words: 'Rain.' });
  const first = call('a');
  await come(first);
  await come(first, call('b'));
  assert.deepEqual(answered, [
    ['a', 'Rain.'],
    ['b', 'Rain.'],
  ]);
});

test('What is not ours, not complete, answered, or nobody’s rule, is left alone.', async () => {
  const { answers, answered, come } = makeAnswers();
  await come(call('a'));
  answers.set('get_weather', { kind: 'words', words: 'Rain.' });
  const others = [call('b', { kind: 'mcp' }), call('c', { output: '1' }), call('d', { name: 'other' })];
  await come(...others, { ...call('e'), final: false }, { final: true, call: null });
  answers.set('get_weather', null);
  await come(call('f'));
  assert.deepEqual([answered, answers.has('get_weather')], [[], false]);
});

test('An address gets the arguments as JSON, and what it says is the answer.', async () => {
  const asked = [];
  const { answers, answered, come } = makeAnswers(async (url, { method, body }) => {
    asked.push([url, method, body]);
    return new Response('{"sky":"clear"}');
  });
  answers.set('get_weather', { kind: 'address', url: 'https://tools.example/weather' });
  await come(call('a'));
  assert.deepEqual(asked, [['https://tools.example/weather', 'POST', '{"city":"Oslo"}']]);
  assert.deepEqual(answered, [['a', '{"sky":"clear"}']]);
});

for (const [name, send, why] of [
  ['refuses', async () => new Response('', { status: 503 }), 'it was answered with 503'],
  ['is away', async () => Promise.reject(new TypeError('Failed to fetch')), 'TypeError: Failed to fetch'],
])
  test(`The model is told where an address ${name}, since it waits.`, async () => {
    const { answers, answered, notices, come } = makeAnswers(send);
    answers.set('get_weather', { kind: 'address', url: 'https://tools.example/' });
    await come(call('a'));
    assert.deepEqual(answered, [['a', JSON.stringify({ error: why })]]);
    assert.deepEqual(notices, [`get_weather could not be asked: ${why}.`]);
  });

test('An answer that comes when its session is gone is given to the next one, and nobody is asked twice.', async () => {
  let asked = 0;
  let answer = () => {};
  const { answers, answered, voice, come } = makeAnswers(() => {
    asked += 1;
    return new Promise((resolve) => (answer = resolve));
  });
  answers.set('get_weather', { kind: 'address', url: 'https://tools.example/' });
  await come(call('a'));
  voice.ready = false;
  answer(new Response('late'));
  await settle();
  await come(...voice.conversation.turns);
  assert.deepEqual(answered, []);
  voice.ready = true;
  await come(...voice.conversation.turns);
  assert.deepEqual([answered, asked], [[['a', 'late']], 1]);
});

test('An answer to a conversation that was left is given to nobody.', async () => {
  const { answers, answered, voice, come } = makeAnswers(async () => new Response('late'));
  answers.set('get_weather', { kind: 'address', url: 'https://tools.example/' });
  voice.conversation.turns = [call('a')];
  voice.dispatchEvent(new Event('change'));
  await come(call('b'));
  assert.deepEqual(answered, [['b', 'late']]);
});
