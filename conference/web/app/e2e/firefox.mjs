// Starts Debian's Firefox with pretended devices, over WebDriver BiDi.
import { env } from 'node:process';
import puppeteer from 'puppeteer-core';

const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // The county is on the loopback interface. Firefox offers that only if told to, and only to a site that has been allowed camera or
  // microphone; to any other one it shows the default route alone.
  'media.peerconnection.ice.loopback': true,
  'permissions.default.camera': 1,
  'permissions.default.microphone': 1,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'intl.accept_languages': 'de-DE, de',
};

/** The environment variable FIREFOX names another browser. */
export function launchFirefox() {
  return puppeteer.launch({
    browser: 'firefox', executablePath: env.FIREFOX ?? '/usr/bin/firefox-esr', headless: true, acceptInsecureCerts: true,
    extraPrefsFirefox: preferences, defaultViewport: { width: 1280, height: 800 },
  });
}
