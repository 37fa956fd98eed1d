// Serves the built page with the security headers of the real server, and a small API behind it.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

// KREISRAUM_DIST names another build of the page, with a slash at its end.
const dist = new URL(process.env.KREISRAUM_DIST ?? '../dist/', import.meta.url);
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const csp = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "base-uri 'none'",
  "form-action 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
].join('; ');

export const county = {
  name: 'Kreismedienzentrum Musterkreis',
  contact: { name: 'Medienzentrum, Beratung', email: 'beratung@kmz.example', phone: '07000 123456', url: 'https://kmz.example/' },
  rooms: { maxParticipants: 70, codeRequired: true, screenShare: 'organisers' },
  version: 'test',
};

/** Resolves to {origin, api, close}; tests change `api` between steps. */
export async function serve() {
  const api = { organiser: undefined, login: { status: 204 } };
  const server = createServer((request, response) => {
    answer(request, response, api).catch(() => response.writeHead(500).end());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${server.address().port}`,
    api,
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

async function answer(request, response, api) {
  const { pathname } = new URL(request.url, 'http://localhost');
  response.setHeader('Content-Security-Policy', csp);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  const json = (value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  if (pathname === '/api/site') return json(county);
  if (pathname === '/api/session') return json(api.organiser ? { organiser: true, name: api.organiser } : { organiser: false });
  if (pathname === '/api/logout') {
    api.organiser = undefined;
    return response.writeHead(204).end();
  }
  if (pathname === '/api/login') {
    if (api.login.status === 204) api.organiser = 'ahorn-4827';
    return response.writeHead(api.login.status, api.login.retryAfter ? { 'Retry-After': String(api.login.retryAfter) } : {}).end();
  }
  const name = pathname.startsWith('/assets/') ? pathname.slice(1) : 'index.html';
  const body = await readFile(new URL(name, dist));
  return response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' }).end(body);
}
