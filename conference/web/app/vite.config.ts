/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The server sends a strict Content-Security-Policy and serves files only below /assets/: nothing is inlined as data: and
// there is no public folder.
export default defineConfig({
  plugins: [react()],
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: 'dist',
    // dist/.gitkeep is committed; scripts/clean.mjs empties the folder around it.
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'] },
});
