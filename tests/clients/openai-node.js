// node openai-node.js WHAT BASE_URL KEY PCM_FILE: does it through `OpenAIRealtimeWS`, and prints the report.

import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import * as conversation from './openai-conversation.js';

const [what, baseURL, apiKey, pcm] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey });
const reconnect = ['insist', 'recover'].includes(what);
const rt = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1', reconnect }, client);
console.log(JSON.stringify(await conversation[what](rt, readFileSync(pcm).toString('base64'))));
