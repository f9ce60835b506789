// One whole call through `@openai/agents-realtime` by WebRTC, which the relay answers, for a test to judge.

import { OpenAIRealtimeWebRTC, RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';

/** Keeps the events that came, and waits for those that are to come. */
class Told {
  events = [];
  errors = [];
  #read = 0;
  #wake = () => {};

  constructor(session) {
    session.on('transport_event', (event) => {
      this.events.push(event);
      this.#wake();
    });
    session.on('error', ({ error }) => this.errors.push(error?.error?.code ?? String(error)));
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
}

/** Waits until something other than silence is heard from the element that the transport plays by. */
async function sounds(element) {
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(element.srcObject).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  do {
    await new Promise(requestAnimationFrame);
    analyser.getFloatTimeDomainData(samples);
  } while (Math.max(...samples) < 0.02);
  await context.close();
  return true;
}

/** @param {string} baseUrl where the relay takes calls; the browser's microphone says something and is then silent */
export async function call(baseUrl, apiKey) {
  const asked = [];
  const weather = tool({
    name: 'get_weather',
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
    execute: async ({ city }) => {
      asked.push(city);
      return 'sunny';
    },
  });
  const element = document.createElement('audio');
  const transport = new OpenAIRealtimeWebRTC({ baseUrl, audioElement: element, useInsecureApiKey: true });
  const agent = new RealtimeAgent({ name: 'Anna', instructions: 'Be brief.', voice: 'marin', tools: [weather] });
  const session = new RealtimeSession(agent, { transport });
  const told = new Told(session);
  await session.connect({ apiKey });
  const { instructions, tools } = (await told.until('session.updated')).session;
  const report = { instructions, tools: tools.map(({ name }) => name) };

  await told.until('input_audio_buffer.speech_started');
  report.spoken = (await told.until('response.output_audio_transcript.done')).transcript;
  report.sounds = await sounds(element);
  await told.until('output_audio_buffer.stopped');

  session.sendMessage('Tell me a story.');
  const { response_id: id } = await told.until('output_audio_buffer.started');
  session.interrupt();
  report.cleared = (await told.until('output_audio_buffer.cleared')).response_id === id;
  report.cut = (await told.until('conversation.item.truncated')).type;

  session.sendMessage('How is the weather in Oslo?');
  report.told = (await told.until('response.output_audio_transcript.done')).transcript;
  report.asked = asked;
  await told.until('output_audio_buffer.stopped');

  report.deltas = told.events.filter(({ type }) => type === 'response.output_audio.delta').length;
  report.errors = told.errors;
  report.callId = transport.callId;
  session.close();
  return report;
}
