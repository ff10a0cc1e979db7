// The peer of the HTTP benchmark: the official TypeScript SDK, sessions in memory, one echo tool.
//
//   node server.mjs PORT
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

const transports = new Map();

async function begin() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    enableJsonResponse: true,
    onsessioninitialized: id => void transports.set(id, transport),
  });
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  server.registerTool('echo', { description: 'Echo', inputSchema: { message: z.string() } },
    async ({ message }) => ({ content: [{ type: 'text', text: message }] }));
  await server.connect(transport);
  return transport;
}

async function serve(request, response) {
  if (request.url === '/health') {
    return response.end('{}');
  }
  const id = request.headers['mcp-session-id'];
  const transport = id === undefined ? await begin() : transports.get(id);
  if (transport === undefined) {
    return response.writeHead(404).end();
  }
  return transport.handleRequest(request, response);
}

http.createServer(serve).listen(Number(process.argv[2]), '127.0.0.1');
