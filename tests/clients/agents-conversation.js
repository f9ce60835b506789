// One whole conversation through `@openai/agents-realtime`, in Node and in a browser, for a test to judge.

import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';

const CHUNK_BYTES = 1920; // 40 ms
const PAUSE = '\0'.repeat(96_000); // what ends a turn, which is answered then

/** Keeps what came, and waits for what is to come. */
class Heard {
  /** @type {any[]} */
  events = [];
  errors = [];
  bytes = 0;
  interruptions = 0;
  #read = 0;
  #wake = () => {};

  constructor(session) {
    session.on('transport_event', (event) => {
      this.events.push(event);
      this.#wake();
    });
    session.on('audio', ({ data }) => (this.bytes += data.byteLength));
    session.on('audio_interrupted', () => this.interruptions++);
    session.on('error', ({ error }) => this.errors.push(error?.error?.code ?? error?.error?.message));
  }

  /** The next event of this type. */
  async until(type) {
    for (;;) {
      while (this.#read < this.events.length) {
        const event = this.events[this.#read++];
        if (event.type === type) return event;
      }
      await new Promise((wake) => (this.#wake = wake));
    }
  }

  async transcript() {
    return (await this.until('response.output_audio_transcript.done')).transcript;
  }
}

function speak(session, speech) {
  const pcm = Uint8Array.from(speech, (character) => character.charCodeAt(0));
  for (let start = 0; start < pcm.length; start += CHUNK_BYTES)
    session.sendAudio(pcm.slice(start, start + CHUNK_BYTES).buffer);
}

function weatherAgent(asked) {
  const weather = tool({
    name: 'get_weather',
    description: 'Tells the weather.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
    execute: async ({ city }) => {
      asked.push(city);
      return 'sunny';
    },
  });
  return new RealtimeAgent({ name: 'Anna', instructions: 'Be brief.', voice: 'marin', tools: [weather] });
}

/**
 * @param {string} url of the relay, with a model or without
 * @param {string} speech two seconds or more of 24 kHz PCM, in base64
 */
export async function converse(url, apiKey, speech) {
  const asked = [];
  const transport = new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true });
  const session = new RealtimeSession(weatherAgent(asked), { transport, model: 'gpt-realtime-2.1-mini' });
  const heard = new Heard(session);
  await session.connect({ apiKey });
  const { model } = (await heard.until('session.created')).session;
  const { instructions, audio, tools } = (await heard.until('session.updated')).session;
  const report = { model, instructions, voice: audio.output.voice, tools: tools.map(({ name }) => name) };

  speak(session, atob(speech) + PAUSE);
  report.spoken = await heard.transcript();
  await heard.until('response.done');
  report.bytes = heard.bytes;

  session.sendMessage('Tell me a story.');
  await heard.until('response.output_audio.delta');
  speak(session, atob(speech));
  report.why = (await heard.until('response.done')).response.status_details.reason;
  report.cut = (await heard.until('conversation.item.truncated')).type;
  speak(session, PAUSE);
  report.then = await heard.transcript(); // to what was said meanwhile
  await heard.until('response.done');
  report.interruptions = heard.interruptions;

  session.sendMessage('How is the weather in Oslo?');
  report.told = await heard.transcript();
  report.asked = asked;
  await heard.until('response.done');

  transport.updateSessionConfig({ outputModalities: ['text'] });
  session.sendMessage('Hello.');
  report.text = (await heard.until('response.output_text.done')).text;
  await heard.until('response.done');

  report.earlierErrors = [...heard.errors];
  transport.sendEvent({ type: 'no.such.event', event_id: 'mine' });
  report.error = (await heard.until('error')).error.event_id;
  report.errors = heard.errors;
  report.history = session.history.map(({ type, role }) => role ?? type);
  const disconnected = new Promise((done) =>
    transport.on('connection_change', (status) => status === 'disconnected' && done(status)),
  );
  session.close();
  report.end = await disconnected;
  return report;
}

/** What a client is told that gets no session. */
export async function beRefused(url, apiKey) {
  const transport = new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true });
  const session = new RealtimeSession(new RealtimeAgent({ name: 'Anna' }), { transport });
  const heard = new Heard(session);
  const disconnected = new Promise((done) =>
    transport.on('connection_change', (status) => status === 'disconnected' && done(status)),
  );
  await session.connect({ apiKey }).catch(() => {});
  await disconnected;
  return heard.errors;
}
