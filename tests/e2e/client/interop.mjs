// The whole life of a session, by the two official TypeScript clients.
//
//   URL=http://127.0.0.1:PORT/mcp node interop.mjs
//
// Prints "ok NAME" or "FAIL NAME: why" for every check.
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import {
  StreamableHTTPClientTransport as FirstTransport,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  Client as SecondClient,
  StreamableHTTPClientTransport as SecondTransport,
} from '@modelcontextprotocol/client';

const url = new URL(process.env.URL);
const info = { name: 'interop', version: '1.0.0' };
let failed = false;

// How the two generations differ.
const generations = [
  {
    name: 'sdk 1',
    client: () => new FirstClient(info, { capabilities: {} }),
    transport: () => new FirstTransport(url),
    resume: sessionId => new FirstTransport(url, { sessionId }),
    call: (client, name, args) => client.callTool({ name, arguments: args }),
  },
  {
    name: 'sdk 2',
    client: () => new SecondClient(info,
      { capabilities: {}, versionNegotiation: { mode: 'legacy' } }),
    transport: () => new SecondTransport(url),
    resume: (sessionId, protocolVersion) =>
      new SecondTransport(url, { sessionId, protocolVersion }),
    call: (client, name, args) => client.callTool({ name, arguments: args }),
  },
];

async function check(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed = true;
    console.log(`FAIL ${name}: ${error?.stack ?? error}`);
  }
}

function must(condition, otherwise) {
  if (!condition) {
    throw new Error(otherwise);
  }
}

async function refused(promise) {
  const error = await promise.then(() => null, reason => reason);
  const status = error?.status ?? error?.code;
  must(status === 404, `wanted HTTP 404, got ${status} ${error?.message}`);
}

async function connected(generation, transport = generation.transport()) {
  const client = generation.client();
  await client.connect(transport);
  return { client, transport, call: (name, args) => generation.call(client, name, args) };
}

const text = result => result.content[0].text;

for (const generation of generations) {
  const says = name => `${generation.name}: ${name}`;
  let first;
  await check(says('initialize gives a session'), async () => {
    first = await connected(generation);
    must(/^[\x21-\x7e]{22,128}$/.test(first.transport.sessionId), 'no session id');
    must(first.client.getServerVersion().name.length > 0, 'no server name');
  });
  if (!first) {
    continue;
  }
  const { client, transport, call } = first;
  await check(says('tools are listed'), async () => {
    const { tools } = await client.listTools();
    const names = tools.map(tool => tool.name);
    for (const name of ['echo', 'set_session_data', 'get_session_data', 'get_session_info']) {
      must(names.includes(name), `${name} is not listed`);
    }
    must(tools.every(tool => tool.inputSchema.type === 'object'), 'a schema is missing');
  });
  await check(says('a tool answers'), async () => {
    must(text(await call('echo', { message: 'interop' })).includes('interop'), 'no echo');
  });
  await check(says('ping'), () => client.ping());
  await check(says('data is kept'), async () => {
    await call('set_session_data', { key: 'k', value: { a: [1, 2, null] } });
    const data = JSON.parse(text(await call('get_session_data', { key: 'k' })));
    must(JSON.stringify(data) === '{"a":[1,2,null]}', JSON.stringify(data));
    const all = await call('get_session_data', {});
    must(JSON.stringify(all.structuredContent) === text(all), 'two contents differ');
  });
  await check(says('a second client sees none of it'), async () => {
    const second = await connected(generation);
    must(second.transport.sessionId !== transport.sessionId, 'the same id twice');
    must(text(await second.call('get_session_data', {})) === '{}', 'data of another');
    await second.transport.terminateSession();
    await second.client.close();
  });
  await check(says('a new transport takes the session up'), async () => {
    const again = await connected(generation,
      generation.resume(transport.sessionId, transport.protocolVersion));
    const kept = text(await again.call('get_session_data', { key: 'k' }));
    must(kept.includes('[1,2,null]'), 'lost');
    await again.client.close();
  });
  await check(says('an unknown session is refused'), async () => {
    const lost = await connected(generation,
      generation.resume('no-such-session-but-long-enough', transport.protocolVersion));
    await refused(lost.call('echo', { message: 'x' }));
    await lost.client.close();
  });
  const dead = transport.sessionId;
  await check(says('DELETE ends the session'), async () => {
    await transport.terminateSession();
    must(transport.sessionId === undefined, 'the client still holds the id');
  });
  await check(says('a session that was ended is refused'), async () => {
    const lost = await connected(generation, generation.resume(dead, transport.protocolVersion));
    await refused(lost.call('echo', { message: 'x' }));
    await lost.client.close();
  });
  await check(says('a new session starts empty'), async () => {
    const fresh = await connected(generation);
    must(fresh.transport.sessionId !== dead, 'the old id came back');
    must(text(await fresh.call('get_session_data', {})) === '{}', 'old data');
    await fresh.transport.terminateSession();
    await fresh.client.close();
  });
  await client.close();
}
process.exit(failed ? 1 : 0);
