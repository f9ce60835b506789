// node azure-node.js ENDPOINT KEY: asks for a text through `OpenAIRealtimeWS.azure`, and prints what was said and how.

import { AzureOpenAI } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { closed, Heard, say } from './openai-conversation.js';

const [endpoint, apiKey] = process.argv.slice(2);
const client = new AzureOpenAI({ endpoint, apiKey, apiVersion: '2025-04-01-preview', deployment: 'gpt-realtime-2.1' });
const rt = await OpenAIRealtimeWS.azure(client);
const heard = new Heard(rt);
const ended = closed(rt);
const { model } = (await heard.last('session.created')).session;
rt.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
say(rt, 'Hello.');
const { text } = await heard.last('response.output_text.done');
await heard.until('response.done');
rt.close();
console.log(JSON.stringify({ model, text, end: (await ended).code }));
