// A conversation of 2024 through the npm package `openai`, whose beta classes still speak that API's dialect.

import { closed, Heard, PAUSE, say, speak } from './openai-conversation.js';

const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const TOOLS = [{ type: 'function', name: 'get_weather', parameters }];

/**
 * @param rt an `OpenAIRealtimeWS` or `OpenAIRealtimeWebSocket` of `openai/beta/realtime`, that connects
 * @param {string} speech two seconds or more of 24 kHz PCM, in base64
 */
export async function converse(rt, speech) {
  const heard = new Heard(rt);
  const ended = closed(rt);
  const { input_audio_format } = (await heard.last('session.created')).session;
  rt.send({ type: 'session.update', session: { voice: 'ash', temperature: 0.7 } });
  const { voice, temperature } = (await heard.last('session.updated')).session;

  speak(rt, atob(speech) + PAUSE);
  const came = await heard.until('response.done');
  const deltas = came.filter(({ type }) => type === 'response.audio.delta');
  const bytes = deltas.reduce((sum, { delta }) => sum + atob(delta).length, 0);
  const part = came.at(-1).response.output[0].content[0];

  const cut = await interrupt(rt, heard, speech);
  const text = await call(rt, heard);
  rt.send({ type: 'no.such.event', event_id: 'mine' });
  const { error } = await heard.last('error');
  rt.close();
  return {
    session: { input_audio_format, voice, temperature },
    spoken: { bytes, type: part.type, transcript: part.transcript },
    cut,
    text,
    error: error.event_id,
    end: (await ended).code,
  };
}

async function interrupt(rt, heard, speech) {
  say(rt, 'Tell me a story.');
  const { item_id } = await heard.last('response.audio.delta');
  speak(rt, atob(speech));
  const why = (await heard.last('response.done')).response.status_details.reason;
  rt.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100 });
  const { audio_end_ms } = await heard.last('conversation.item.truncated');
  speak(rt, PAUSE);
  await heard.until('response.done'); // to what was said meanwhile
  return { why, audio_end_ms };
}

async function call(rt, heard) {
  rt.send({ type: 'session.update', session: { tools: TOOLS, modalities: ['text'] } });
  say(rt, 'How is the weather in Oslo?');
  const { call_id } = await heard.last('response.function_call_arguments.done');
  await heard.until('response.done');
  rt.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output: 'sunny' } });
  rt.send({ type: 'response.create' });
  const { text } = await heard.last('response.text.done');
  await heard.until('response.done');
  return text;
}
