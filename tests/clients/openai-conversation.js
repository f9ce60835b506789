// One whole conversation through the npm package `openai`, in Node and in a browser, for a test to judge.

const CHUNK_BYTES = 1920; // 40 ms

/** What ends a turn, which is answered then. */
export const PAUSE = '\0'.repeat(48_000);

/** Keeps what came, and waits for what is to come. */
export class Heard {
  /** @type {any[]} */
  events = [];
  #read = 0;
  #wake = () => {};

  constructor(rt) {
    rt.on('event', (event) => {
      this.events.push(event);
      this.#wake();
    });
    rt.on('error', () => {}); // each is among the events, too
  }

  /** The events from where it was read to, up to the first of this type. */
  async until(type) {
    const from = this.#read;
    for (;;) {
      while (this.#read < this.events.length)
        if (this.events[this.#read++].type === type) return this.events.slice(from, this.#read);
      await new Promise((wake) => (this.#wake = wake));
    }
  }

  async last(type) {
    return (await this.until(type)).at(-1);
  }
}

export function closed(rt) {
  return new Promise((done) =>
    rt.socket.addEventListener('close', ({ code, reason }) => done({ code, reason: String(reason) })),
  );
}

/**
 * @param rt an `OpenAIRealtimeWS` or `OpenAIRealtimeWebSocket` that connects
 * @param {string} speech two seconds or more of 24 kHz PCM, in base64
 */
export async function converse(rt, speech) {
  const heard = new Heard(rt);
  const ended = closed(rt);
  const first = (await heard.until('session.created'))[0].type;
  const report = { first };

  rt.send({ type: 'session.update', session: { type: 'realtime', audio: { output: { voice: 'marin' } } } });
  report.voice = (await heard.last('session.updated')).session.audio.output.voice;

  speak(rt, atob(speech) + PAUSE);
  report.spoken = answerOf(await heard.until('response.done'));
  report.interrupted = await interrupt(rt, heard, speech);
  report.called = await call(rt, heard);
  report.error = await mistake(rt, heard);

  rt.close();
  report.end = await ended;
  return report;
}

/** What a client is told that gets no session. */
export async function beRefused(rt) {
  const errors = [];
  rt.on('error', ({ error, message }) => errors.push(error?.code ?? message));
  return { end: await closed(rt), errors };
}

/** Is refused for now, and gets a session in the end; `rt` was made to reconnect. */
export async function insist(rt) {
  const heard = new Heard(rt);
  const attempts = [];
  rt.on('reconnecting', ({ attempt }) => attempts.push(attempt));
  await heard.until('session.created');
  rt.close();
  return { attempts, errors: heard.events.filter(({ type }) => type === 'error').map(({ error }) => error.code) };
}

/** Loses its session, and gets another one by itself; `rt` was made to reconnect. */
export async function recover(rt) {
  const heard = new Heard(rt);
  const reconnecting = new Promise((done) => rt.on('reconnecting', ({ closeCode, attempt }) => done({ closeCode, attempt })));
  await heard.until('session.created');
  rt.send({ type: 'restart' });
  const told = (await heard.last('error')).error.code;
  const why = await reconnecting;
  await heard.until('session.created');
  rt.flushPending();
  rt.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Go on.' } });
  const { session } = await heard.last('session.updated');
  rt.close();
  return { told, why, instructions: session.instructions };
}

export function speak(rt, speech) {
  for (let start = 0; start < speech.length; start += CHUNK_BYTES)
    rt.send({ type: 'input_audio_buffer.append', audio: btoa(speech.slice(start, start + CHUNK_BYTES)) });
}

export function say(rt, text) {
  const content = [{ type: 'input_text', text }];
  rt.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  rt.send({ type: 'response.create' });
}

function answerOf(events) {
  const deltas = events.filter(({ type }) => type === 'response.output_audio.delta');
  const { status, output } = events.at(-1).response;
  const bytes = deltas.reduce((sum, { delta }) => sum + atob(delta).length, 0);
  return { status, bytes, transcript: output[0].content[0].transcript };
}

/** Speaks while the model does, and cuts its answer where it was heard. */
async function interrupt(rt, heard, speech) {
  say(rt, 'Tell me a story.');
  const { item_id } = await heard.last('response.output_audio.delta');
  speak(rt, atob(speech));
  await heard.until('input_audio_buffer.speech_started');
  const { response } = await heard.last('response.done');
  rt.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100 });
  const truncated = await heard.last('conversation.item.truncated');
  speak(rt, PAUSE);
  const { status } = answerOf(await heard.until('response.done')); // to what was said meanwhile
  return { why: response.status_details.reason, ms: truncated.audio_end_ms, then: status };
}

/** Has a function called, and the answer in writing. */
async function call(rt, heard) {
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const tools = [{ type: 'function', name: 'get_weather', parameters }];
  rt.send({ type: 'session.update', session: { type: 'realtime', tools, output_modalities: ['text'] } });
  say(rt, 'How is the weather in Oslo?');
  const { call_id, arguments: given } = await heard.last('response.function_call_arguments.done');
  await heard.until('response.done');
  const item = { type: 'function_call_output', call_id, output: 'sunny' };
  rt.send({ type: 'conversation.item.create', item });
  rt.send({ type: 'response.create' });
  const { text } = await heard.last('response.output_text.done');
  await heard.until('response.done');
  return { given, text };
}

async function mistake(rt, heard) {
  rt.send({ type: 'no.such.event', event_id: 'mine' });
  const { error } = await heard.last('error');
  return { code: error.code, event_id: error.event_id };
}
