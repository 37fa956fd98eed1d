import type { Login, LoginResult, Site } from '../signaling/api';
import { fetchLogin, fetchSite, login, logout } from '../signaling/api';
import { Store } from './store';

/** What is known about the county and about who is logged in. */
export interface DirectoryState {
  /** undefined: not known yet; 'unreachable': the server did not answer. */
  readonly site: Site | 'unreachable' | undefined;
  readonly login: Login | undefined;
}

/** The page's knowledge of site and login; one for the whole page. */
export class Directory {
  private readonly store = new Store<DirectoryState, Partial<DirectoryState>>({ site: undefined, login: undefined }, (state, change) => ({
    ...state,
    ...change,
  }));

  readonly getState = this.store.getState;
  readonly subscribe = this.store.subscribe;

  async load(): Promise<void> {
    const [site, session] = await Promise.all([fetchSite(), fetchLogin()]);
    this.store.dispatch({ site: site ?? 'unreachable', login: session });
  }

  async login(name: string, password: string): Promise<LoginResult> {
    const result = await login(name, password);
    if (result.kind === 'ok') this.store.dispatch({ login: await fetchLogin() });
    return result;
  }

  async logout(): Promise<void> {
    await logout();
    this.store.dispatch({ login: { organiser: undefined } });
  }
}
