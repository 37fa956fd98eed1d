// Starts Chromium with pretended devices: a moving picture as camera and beeps as microphone. And how to wait for what a page does.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';

const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--autoplay-policy=user-gesture-required',
];

const start = (args) => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });

/** Further flags come last; the environment variable CHROMIUM names another browser. */
export function launch(...more) {
  return start([...flags, ...more]);
}

/** Starts one in which nobody allows cameras and microphones; a headless browser then refuses them. */
export function launchStrict() {
  return start(flags.filter((flag) => flag !== '--use-fake-ui-for-media-stream'));
}

/** Waits until `check` returns something true; the error says what was waited for. */
export async function until(what, check, timeout = 30_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until `read` gives what is expected; the error shows the difference. For what a page does in its own time after a step. */
export async function becomes(what, read, expected, timeout = 30_000) {
  let got;
  try {
    await until(what, async () => {
      got = await read();
      return isDeepStrictEqual(got, expected);
    }, timeout);
  } catch (error) {
    if (got !== undefined) assert.deepEqual(got, expected, what);
    throw error;
  }
}
