// node agents-node.js WHAT URL KEY PCM_FILE: does it through `@openai/agents-realtime`, and prints the report.

import { readFileSync } from 'node:fs';
import * as conversation from './agents-conversation.js';

const [what, url, apiKey, pcm] = process.argv.slice(2);
console.log(JSON.stringify(await conversation[what](url, apiKey, readFileSync(pcm).toString('base64'))));
