// node beta-node.js BASE_URL KEY PCM_FILE: converses through `OpenAIRealtimeWS` of 2024, and prints the report.

import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/beta/realtime/ws';
import { converse } from './beta-conversation.js';

const [baseURL, apiKey, pcm] = process.argv.slice(2);
const rt = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1' }, new OpenAI({ baseURL, apiKey }));
console.log(JSON.stringify(await converse(rt, readFileSync(pcm).toString('base64'))));
