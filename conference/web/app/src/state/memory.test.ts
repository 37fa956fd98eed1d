import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** What a browser keeps: a Storage that can be switched off. */
function storage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => { kept.set(key, value); },
    removeItem: (key) => { kept.delete(key); },
  };
}

/** A freshly loaded page. */
const load = async (): Promise<typeof import('./memory')> => {
  vi.resetModules();
  return import('./memory');
};

let local: ReturnType<typeof storage>;
beforeEach(() => {
  local = storage();
  vi.stubGlobal('localStorage', local);
  vi.stubGlobal('sessionStorage', storage());
});
afterEach(() => { vi.unstubAllGlobals(); });

describe('rememberedDevice', () => {
  it('is drawn once for the browser', async () => {
    const first = (await load()).rememberedDevice();
    expect(first).toMatch(/^[A-Za-z0-9_-]{16,64}$/);
    expect((await load()).rememberedDevice()).toBe(first);
    local.kept.clear();
    expect((await load()).rememberedDevice()).not.toBe(first);
  });

  it.each(['', 'short', 'a'.repeat(65), 'with blanks in between', 'käse-käse-käse-käse'])('is drawn anew when %j is found', async (found) => {
    local.setItem('kreisraum.device', found);
    const drawn = (await load()).rememberedDevice();
    expect(drawn).toMatch(/^[A-Za-z0-9_-]{16,64}$/);
    expect(local.kept.get('kreisraum.device')).toBe(drawn);
  });

  it('lives as long as the page where nothing may be kept', async () => {
    vi.stubGlobal('localStorage', undefined);
    const page = await load();
    const first = page.rememberedDevice();
    expect(page.rememberedDevice()).toBe(first);
    expect((await load()).rememberedDevice()).not.toBe(first);
  });
});

describe('rememberedReturn', () => {
  it('is kept for the room, whatever its case, until it is forgotten', async () => {
    const page = await load();
    page.rememberReturn('Klasse-5a', { resume: 'x.y', role: 'organiser' });
    expect(page.rememberedReturn('klasse-5A')).toEqual({ resume: 'x.y', role: 'organiser' });
    expect(page.rememberedReturn('Klasse-5b')).toBeUndefined();
    page.rememberReturn('klasse-5a', undefined);
    expect(page.rememberedReturn('Klasse-5a')).toBeUndefined();
  });
});
