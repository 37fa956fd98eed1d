// A screen that nobody looks at: Xvfb, for what a headless browser cannot do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts an X server on a free display; resolves to its name, for the environment variable DISPLAY, and to what ends it. */
export async function openScreen({ width = 1280, height = 800 } = {}) {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const ended = once(server, 'exit');
  const [number] = await Promise.race([
    once(createInterface({ input: server.stdio[3] }), 'line'),
    ended.then(([code]) => { throw new Error(`Xvfb ended with code ${code}`); }),
  ]);
  return {
    size: { width, height },
    display: `:${number}`,
    async close() {
      server.kill();
      await ended;
    },
  };
}
