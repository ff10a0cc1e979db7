// Sessions of both official TypeScript clients that call without a pause, until standard input
// ends; each counts in its session, so a call that was lost or done twice shows.
//
//   URL=http://127.0.0.1:PORT/mcp node rolling.mjs
//
// Says "ready", then at the end one line of JSON: calls, errors.
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import {
  StreamableHTTPClientTransport as FirstTransport,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  Client as SecondClient,
  StreamableHTTPClientTransport as SecondTransport,
} from '@modelcontextprotocol/client';

const url = new URL(process.env.URL);
const info = { name: 'rolling', version: '1.0.0' };
const errors = [];
let calls = 0;
let stopping = false;

process.stdin.on('end', () => { stopping = true; }).resume();

async function talk(client, transport) {
  await client.connect(transport);
  let mine = 0;
  try {
    while (!stopping) {
      await client.callTool({ name: 'set_session_data', arguments: { key: 'n', value: mine } });
      const answer = await client.callTool({ name: 'get_session_data', arguments: { key: 'n' } });
      if (answer.content[0].text !== String(mine)) {
        throw new Error(`${answer.content[0].text} instead of ${mine}`);
      }
      mine += 1;
      calls += 2;
    }
    await transport.terminateSession();
  } finally {
    await client.close();
  }
}

const talks = [];
for (let i = 0; i < 3; i += 1) {
  talks.push(talk(new FirstClient(info, { capabilities: {} }), new FirstTransport(url)));
  talks.push(talk(new SecondClient(info,
    { capabilities: {}, versionNegotiation: { mode: 'legacy' } }), new SecondTransport(url)));
}
console.log('ready');
for (const end of await Promise.allSettled(talks)) {
  if (end.status === 'rejected') {
    errors.push(String(end.reason?.stack ?? end.reason));
  }
}
console.log(JSON.stringify({ calls, errors }));
