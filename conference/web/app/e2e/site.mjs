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

export const ownRoom = (title, address, over = {}) => ({
  id: address.toLowerCase(), title, address, secret: false, codeStays: false, code: '482713', link: `https://kurs.kmz.example/${address}`, ...over,
});

export const county = {
  name: 'Kreismedienzentrum Musterkreis',
  contact: { name: 'Medienzentrum, Beratung', email: 'beratung@kmz.example', phone: '07000 123456', url: 'https://kmz.example/' },
  rooms: { maxParticipants: 70, codeRequired: true, screenShare: 'organisers' },
  version: 'test',
};

/** Resolves to {origin, api, close}; tests change `api` between steps. */
export async function serve() {
  const api = { organiser: undefined, login: { status: 204 }, rooms: [], handover: undefined };
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
  if (pathname === '/api/health') return response.writeHead(200).end('ok');
  if (pathname.startsWith('/api/rooms') || pathname.startsWith('/api/handover')) return answerOwner(request, response, api, json);
  if (pathname.startsWith('/api/')) return response.writeHead(404).end();
  if (api.lost?.test(pathname)) return response.writeHead(404).end();
  const name = pathname.startsWith('/assets/') ? pathname.slice(1) : 'index.html';
  const body = await readFile(new URL(name, dist));
  return response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' }).end(body);
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

/** Rooms of one's own and hand-over, as docs/signaling.md has them; `api.rooms` are the account's, `Klasse-5a` is somebody else's. */
async function answerOwner(request, response, api, json) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const refuse = (status, code, more = {}) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { code, ...more } }));
  if (pathname === '/api/handover/use') {
    const { token } = await bodyOf(request);
    if (api.handover === undefined || token !== api.handover) return refuse(410, 'handover-invalid');
    api.handover = undefined;
    api.organiser = 'ahorn-4827';
    return response.writeHead(204).end();
  }
  if (!api.organiser) return refuse(401, 'login-required');
  if (pathname === '/api/handover') {
    api.handover = 'EXAMPLETOKENEXAMPLETOKEN26';
    return json({ token: api.handover, seconds: api.handoverSeconds ?? 120 });
  }
  const [, , , id, what] = pathname.split('/');
  if (id === undefined && request.method === 'GET') return json(api.rooms);
  if (id === undefined) {
    const { title, address, secret = false, codeStays = false } = await bodyOf(request);
    if (address === 'Klasse-5a') return refuse(409, 'address-taken', { suggestion: 'Klasse-5a-2' });
    const room = ownRoom(title, secret ? 'k7f2-m9qx-tt4w-b1cz' : address, { secret, codeStays, code: '190528' });
    api.rooms = [room, ...api.rooms];
    return response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify(room));
  }
  const room = api.rooms.find((one) => one.id === id);
  if (!room) return refuse(404, 'not-found');
  if (request.method === 'DELETE') {
    api.rooms = api.rooms.filter((one) => one !== room);
    return response.writeHead(204).end();
  }
  // Tests hold an answer back, or have a change refused.
  await api.answerLater?.promise;
  if (api.answerLater?.refuse) return refuse(500, 'internal');
  const changed = { ...room, ...(what === 'code' ? { code: '660192' } : await bodyOf(request)) };
  api.rooms = api.rooms.map((one) => (one === room ? changed : one));
  return json(changed);
}
